"""Whether two sets share examples, whatever their names: found by content, an example at a time."""

import hashlib

from oe_core.data.examples import Examples, ImageSet, TextSet


def example_digests(examples: Examples | object) -> tuple[bytes, ...] | None:
    """The sha256 of each example: of an image's pixels, at the size that it is loaded at, or of a text.

    Labels and names have no say. None for what is no set of examples, such as a stream.
    """
    if isinstance(examples, ImageSet):
        contents = examples.images.cpu().contiguous().flatten(1).numpy()
    elif isinstance(examples, TextSet):
        contents = (text.encode() for text in examples.texts)
    else:
        return None
    return tuple(hashlib.sha256(content).digest() for content in contents)


def shared(a: tuple[bytes, ...] | None, b: tuple[bytes, ...] | None) -> int:
    """How many examples of `b` occur in `a`, both as `example_digests` gives them; 0 where either is None."""
    in_a = set(a or ())
    return sum(digest in in_a for digest in b or ())
