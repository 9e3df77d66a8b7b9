"""tiny-imagenet-200.zip, whose labelled val pictures lie in one flat folder."""

import re
import zipfile
from pathlib import Path
from posixpath import basename

from oe_core.data.examples import ImageSet
from oe_core.data.readers.archives import decode_members, opened_zip, zip_text
from oe_core.data.readers.pixels import FormatError, Picture, is_picture, numbered


def read_tiny_imagenet(path: Path, split: str, size: int, name: str = "tiny-imagenet") -> ImageSet:
    """tiny-imagenet-200.zip; "test" is its labelled val split, grouped by val_annotations.txt. Classes: sorted wnids.

    Raises FormatError naming archive and member when a picture or a list is missing or a class is not in wnids.txt.
    """
    with opened_zip(path) as archive:
        held = [member for member in archive.namelist() if is_picture(member)]
        classes = tuple(sorted(zip_text(path, archive, "wnids.txt").split()))
        if split == "train":
            chosen = [(m, m.split("/")[-3]) for m in held if re.search(r"(^|/)train/[^/]+/images/[^/]+$", m)]
        else:
            chosen = _tiny_imagenet_val(path, archive, held)
        present = {class_name for _, class_name in chosen}
        if present != set(classes):
            odd = sorted(present ^ set(classes))
            raise FormatError(
                f"{path}: classes {odd[:5]} ({len(odd)} in all) are in only one of wnids.txt and {split}; "
                f"expected the same {len(classes)} in both"
            )
        pictures = (Picture(class_name, f"{path}: {member}", archive.read(member)) for member, class_name in chosen)
        images, names = decode_members(path, pictures, size, split, len(chosen))
    return ImageSet(name, images, *numbered(names, classes), "catalog")


def _tiny_imagenet_val(path: Path, archive: zipfile.ZipFile, held: list[str]) -> list[tuple[str, str]]:
    """Member and wnid of each val picture, in the order of the annotation file."""
    members = {basename(member): member for member in held if re.search(r"(^|/)val/images/[^/]+$", member)}
    lines = zip_text(path, archive, "val/val_annotations.txt").splitlines()
    annotated = [tuple(line.split("\t")[:2]) for line in lines if line.strip()]
    if short := [number for number, row in enumerate(annotated, 1) if len(row) < 2]:
        raise FormatError(f"{path}: val_annotations.txt line {short[0]} has no class; expected file<TAB>wnid<TAB>box")
    if missing := [file for file, _ in annotated if file not in members]:
        raise FormatError(
            f"{path}: val/images has no {missing[0]} ({len(missing)} missing); val_annotations.txt names it"
        )
    return [(members[file], wnid) for file, wnid in annotated]
