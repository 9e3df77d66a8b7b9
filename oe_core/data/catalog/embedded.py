"""The embedded sets: made from what the installed packages carry, so that the default needs no download."""

from collections.abc import Callable
from functools import partial

from oe_core.data.catalog.row import DataSet
from oe_core.data.embedded import images, texts


def _embedded(
    kind: str, key: str, title: str, splits: dict, make: Callable, *,
    terms: str = "those of the packages that it is made from", **settings,
):  # fmt: skip
    by_hand = "install the book's packages"
    return DataSet(
        key, key, title, "embedded", kind, splits, terms, by_hand, "this book", make=make, in_paper=False, **settings
    )


image_set, text_set = partial(_embedded, "images"), partial(_embedded, "text")

# fmt: off
EMBEDDED = (
    image_set("digits", "scikit-learn's handwritten digits", {"train": 1400, "test": 397}, images.digits,
              subject="characters"),
    image_set("photo-china", "patches of scikit-learn's photograph of a temple",
              {"train": 6000, "test": 1000}, images.photo_china, subject="scenes"),
    image_set("photo-flower", "patches of scikit-learn's photograph of a flower", {"test": 1000}, images.photo_flower,
              subject="scenes"),
    image_set("font-letters", "letters in matplotlib's fonts", {"train": 3000, "test": 1000}, images.font_letters,
              subject="characters"),
    image_set("font-icons", "icons in matplotlib's DejaVu Sans", {"train": 3000}, images.font_icons,
              subject="drawings"),
    image_set("dead-leaves", "discs, triangles and squares that cover one another", {"train": 3000},
              images.dead_leaves, terms="MIT, as this book", subject="shapes"),
    text_set("docstrings", "sentences of four packages' docstrings", {"train": 6000, "test": 1600},
             texts.docstrings, stream_of="ptb", subject="docstrings"),
    text_set("docstrings-stdlib", "sentences of the standard library's docstrings", {"train": 6000},
             texts.docstrings_stdlib, make_raw=texts.docstrings_stdlib_raw, subject="docstrings"),
    *(text_set(key, f"sentences of {package}'s docstrings", {"test": 800}, partial(texts.out_distribution, key),
               subject="docstrings")
      for key, package in texts.OUT_DISTRIBUTIONS.items()),
    text_set("python-code", "statements of the standard library", {"test": 800}, texts.python_code, subject="code"),
)
# fmt: on
