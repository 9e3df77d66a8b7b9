"""The names of classes: in one form, fit to be printed, and numbered."""

import unicodedata
from collections.abc import Sequence

import torch
from torch import Tensor

from oe_core.data.readers.pixels import FormatError


def composed(written: str) -> str:
    """A class's name in one form of Unicode: file systems and editors write é as one sign or as two."""
    return unicodedata.normalize("NFC", written)


def check_name(name: str) -> str:
    """A class's name; FormatError when a terminal would obey it or could not show it, as tables print it."""
    if any(unicodedata.category(char) in ("Cc", "Cs") for char in name):
        raise FormatError(f"the class {name!r} has control characters; expected a name without any: rename it")
    return name


def numbered(class_names: Sequence[str], classes: tuple[str, ...] | None = None) -> tuple[Tensor, tuple[str, ...]]:
    """Class names to labels int64 (n,) and the classes: those given, else the names in sorted order."""
    classes = classes or tuple(sorted(set(class_names)))
    number = {check_name(name): label for label, name in enumerate(classes)}
    return torch.tensor([number[name] for name in class_names], dtype=torch.int64), classes
