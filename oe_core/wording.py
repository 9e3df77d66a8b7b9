"""Counts and sizes in words, as messages and tables say them."""


def several(word: str, count: int | str) -> str:
    """`1 file`, `2 files`; a count in words, such as "2 to 3", is of several."""
    return f"{count} {word}" if str(count) == "1" else f"{count} {word}s"


def size_text(size: int | None) -> str:
    """Bytes as people read them: "170.1 MB"; "size not published" for None."""
    if size is None:
        return "size not published"
    for unit, in_bytes in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if size >= in_bytes:
            return f"{size / in_bytes:.1f} {unit}"
    return f"{size} bytes"
