"""The embedded sets: made from what the installed packages carry, so that the default needs no download."""

from collections.abc import Callable
from functools import partial

from oe_core.data.catalog.row import IN, OUT, OUTLIERS, DataSet
from oe_core.data.embedded import images, texts


def _embedded(
    key: str, title: str, roles: tuple[str, ...], kind: str, splits: dict[str, int], make: Callable, **settings
) -> DataSet:
    return DataSet(
        key, key, title, roles, "embedded", kind, splits, "those of the packages it is made from",
        "install the book's packages", "this book", make=make, in_paper=False, **settings,
    )  # fmt: skip


image_set = partial(_embedded, kind="images")
text_set = partial(_embedded, kind="text")

EMBEDDED = (
    image_set(
        "digits", "scikit-learn's handwritten digits", IN, splits={"train": 1400, "test": 397}, make=images.digits
    ),
    image_set(
        "photo-china", "patches of scikit-learn's photograph of a temple", OUTLIERS,
        splits={"train": 6000, "test": 1000}, make=images.photo_china,
    ),
    image_set(
        "photo-flower", "patches of scikit-learn's photograph of a flower", OUT,
        splits={"test": 1000}, make=images.photo_flower,
    ),
    image_set(
        "font-letters", "letters in matplotlib's fonts", OUT,
        splits={"train": 3000, "test": 1000}, make=images.font_letters,
    ),
    text_set(
        "docstrings", "sentences of four packages' docstrings", IN,
        splits={"train": 6000, "test": 1600}, make=texts.docstrings, stream_of="ptb",
    ),
    text_set(
        "docstrings-stdlib", "sentences of the standard library's docstrings", OUTLIERS,
        splits={"train": 6000}, make=texts.docstrings_stdlib, make_raw=texts.docstrings_stdlib_raw,
    ),
    *(
        text_set(
            key, f"sentences of {package}'s docstrings", OUT,
            splits={"test": 800}, make=partial(texts.out_distribution, key),
        )
        for key, package in texts.OUT_DISTRIBUTIONS.items()
    ),
    text_set(
        "python-code", "statements of the standard library", OUT, splits={"test": 800}, make=texts.python_code
    ),
)  # fmt: skip
