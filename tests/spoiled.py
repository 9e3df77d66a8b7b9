"""What can befall a file."""

from pathlib import Path

from store_process import damage, truncate

DEEP = b"[" * 200_000  # more than Python takes apart: a RecursionError


def emptied(path: Path) -> None:
    """Nothing is left in the file."""
    path.write_bytes(b"")


def folder_instead(path: Path) -> None:
    """A folder that holds something stands in the file's place."""
    path.unlink()
    (path / "inside").mkdir(parents=True)


def link_to_nothing(path: Path) -> None:
    """A link whose target is gone stands in the file's place."""
    path.unlink()
    path.symlink_to("nowhere")


def link_to_itself(path: Path) -> None:
    """A link in a circle."""
    path.unlink()
    path.symlink_to(path.name)


def deeply_nested(path: Path) -> None:
    """JSON that nests too deeply."""
    path.write_bytes(DEEP)


DAMAGES = (truncate, damage, emptied, folder_instead, link_to_nothing, link_to_itself, deeply_nested)
