"""Whether two sets share examples, whatever their names: found by content, an example at a time."""

import hashlib
from collections import Counter

from oe_core.data.examples import Examples, ImageSet, TextSet


def example_digests(examples: Examples | object) -> Counter[bytes]:
    """How often each example occurs, by the sha256 of an image's pixels, at the size that it has, or of a text.

    Labels and names have no say. Empty for what is no set of examples, such as a stream.
    """
    contents = ()
    if isinstance(examples, ImageSet):
        contents = examples.images.cpu().contiguous().flatten(1).numpy()
    elif isinstance(examples, TextSet):
        contents = (text.encode() for text in examples.texts)
    return Counter(hashlib.sha256(content).digest() for content in contents)


def shared(a: Counter[bytes], b: Counter[bytes]) -> int:
    """How many examples of `b` occur in `a`, both as `example_digests` gives them."""
    return sum(times for digest, times in b.items() if digest in a)
