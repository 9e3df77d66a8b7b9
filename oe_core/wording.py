"""Counts in words, as messages and tables say them."""


def several(word: str, count: int | str) -> str:
    """`1 file`, `2 files`; a count in words, such as "2 to 3", is of several."""
    return f"{count} {word}" if str(count) == "1" else f"{count} {word}s"
