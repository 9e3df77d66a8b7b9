"""Text sets made from what the installed packages carry: sentences of their docstrings, labelled by the package.

Real prose with no download and no licence question, and lines of code beside it. The packages are not imported. What
is found changes with their versions, which constraints.txt pins, and with Python's: a set's fingerprint tells. The
names of packages are dropped from all sentences, because they would give the label away. Everything is drawn from
fixed seeds, and no sentence is in two classes, splits or sets.
"""

import hashlib
import sys
import warnings
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from pathlib import Path
from types import ModuleType

import numpy as np
import torch

from oe_core.atomic import DamagedFileError, read_record, understood, write_record
from oe_core.data import sentences
from oe_core.data.embedded import docstrings as cutting
from oe_core.data.embedded.docstrings import STDLIB, is_installed, package_home
from oe_core.data.examples import UNLABELLED, TextSet
from oe_core.scales import runs_root

CUTTERS = (cutting, sentences)
# In-distribution, one class each: packages that oe_core itself needs.
CLASSES = {"numpy": "numpy", "scipy": "scipy", "scikit-learn": "sklearn", "torch": "torch"}
CLASS_TRAIN, CLASS_TEST = 1500, 400  # sentences of a class, when its package has as many
OUTLIERS, ANOMALIES = 6000, 800  # sentences of the outliers and of an out-distribution
SPARE = 150  # sentences read beyond those, for the ones that another package has as well
# networkx and sympy come with torch; the others with the book's extra.
OUT_DISTRIBUTIONS = {
    "docstrings-networkx": "networkx",
    "docstrings-sympy": "sympy",
    "docstrings-pandas": "pandas",
    "docstrings-matplotlib": "matplotlib",
    "docstrings-ipython": "IPython",
}
# Sentences to read of each. One that two classes have belongs to neither; else the first package here keeps it.
WANTED = {
    **dict.fromkeys(CLASSES.values(), CLASS_TRAIN + CLASS_TEST),
    STDLIB: OUTLIERS,
    **dict.fromkeys(OUT_DISTRIBUTIONS.values(), ANOMALIES),
}


def docstrings(split: str) -> TextSet:
    """Sentences of numpy, scipy, scikit-learn and torch, in class order: of each at most 1,500 "train", 400 "test".

    Drawn among all: a test sentence may come from a docstring that gives the training set another one.
    """
    texts = [_class_split(package, split) for package in CLASSES.values()]
    labels = np.repeat(np.arange(len(CLASSES)), [len(of_class) for of_class in texts])
    return _text_set("docstrings", sum(texts, ()), labels, tuple(CLASSES), "20 Newsgroups")


def docstrings_stdlib(split: str) -> TextSet:
    """At most 6,000 sentences of Python's standard library, the outliers; "train" only."""
    return _unlabelled("docstrings-stdlib", own_sentences(STDLIB), "WikiText-2")


def out_distribution(name: str, split: str) -> TextSet:
    """At most 800 sentences of the one package that `name` tells; "test" only.

    Raises ImportError naming the package when it is not installed.
    """
    return _unlabelled(name, own_sentences(OUT_DISTRIBUTIONS[name]))


def python_code(split: str) -> TextSet:
    """800 one-line statements of Python's standard library, in the same kind of tokens; "test" only."""
    return _unlabelled("python-code", _kept(cutting.code_lines, STDLIB, ANOMALIES))


def docstrings_stdlib_raw(split: str) -> TextSet:
    """At most 6,000 blocks of the standard library's docstrings as they stand, from the same order of files."""
    return _unlabelled("docstrings-stdlib", _kept(cutting.docstring_blocks, STDLIB, OUTLIERS))


@cache
def own_sentences(package: str) -> tuple[str, ...]:
    """The sentences that `package` alone gives to the sets; packages before it that are not installed have no say."""
    in_turn, classes = list(WANTED), list(CLASSES.values())
    others = classes if package in classes else in_turn[: in_turn.index(package)]
    read = _read(package)
    elsewhere = {text for other in others if other != package and is_installed(other) for text in _read(other)}
    return tuple(text for text in read if text not in elsewhere)[: WANTED[package]]


@cache
def _read(package: str) -> tuple[str, ...]:
    return _kept(cutting.docstring_sentences, package, WANTED[package] + SPARE)


def _kept(cut: Callable[[str, int], tuple[str, ...]], package: str, count: int) -> tuple[str, ...]:
    """What `cut` gives, kept under OE_RUNS for the next process: to parse the packages takes half a minute.

    It is cut anew when the package was installed again, or when the modules that cut it have changed.
    """
    home = package_home(package)
    state = [sys.version, str(home), home.stat().st_mtime_ns, home.stat().st_size, *map(_content, CUTTERS)]
    identity = hashlib.sha256(repr([cut.__name__, package, count, *state]).encode()).hexdigest()
    kept = runs_root() / ".texts" / f"{cut.__name__}-{home.parent.name}-{identity[:12]}.json"
    with suppress(DamagedFileError, OSError), understood(kept):
        if (found := read_record(kept)) and found["identity"] == identity:
            return tuple(found["texts"])
    texts = cut(package, count)
    try:
        write_record(kept, {"identity": identity, "texts": texts})
    except OSError as error:
        warnings.warn(f"{error}; the texts of {package} will be cut again next time", stacklevel=2)
    return texts


@cache
def _content(module: ModuleType) -> str:
    return Path(module.__file__).read_text(encoding="utf-8")


def _class_split(package: str, split: str) -> tuple[str, ...]:
    own = own_sentences(package)
    order = np.random.default_rng(1).permutation(len(own))
    chosen = order[:CLASS_TEST] if split == "test" else order[CLASS_TEST:]
    return tuple(own[index] for index in chosen)


def _text_set(name: str, texts: tuple[str, ...], labels: np.ndarray, classes: tuple[str, ...], stand_in_for: str):
    return TextSet(name, texts, torch.from_numpy(labels.astype(np.int64)), classes, "embedded", stand_in_for)


def _unlabelled(name: str, texts: tuple[str, ...], stand_in_for: str = "") -> TextSet:
    return _text_set(name, texts, np.zeros(len(texts)), (UNLABELLED,), stand_in_for)
