"""The book's data sets, images and text: one row each, found by its key."""

from oe_core.data.catalog.embedded import EMBEDDED
from oe_core.data.catalog.grey import GREY
from oe_core.data.catalog.outliers import IMAGENET_AND_TINY_IMAGES
from oe_core.data.catalog.parts import PARTS
from oe_core.data.catalog.photographs import PHOTOGRAPHS
from oe_core.data.catalog.row import DataFile, DataSet
from oe_core.data.catalog.texts import TEXTS

__all__ = ["CATALOG", "DataFile", "DataSet", "dataset", "printed_name", "source_of", "subject_of"]

_ROWS = PHOTOGRAPHS + PARTS + IMAGENET_AND_TINY_IMAGES + GREY + TEXTS + EMBEDDED
CATALOG: dict[str, DataSet] = {row.key: row for row in _ROWS}


def dataset(key: str) -> DataSet:
    """The catalog's row of `key`; ValueError listing the known keys when there is none."""
    if key not in CATALOG:
        raise ValueError(f"data set {key!r} is not in the catalog; known are {', '.join(CATALOG)}")
    return CATALOG[key]


def printed_name(key: str) -> str:
    """The paper's name of a catalog key ("cifar10" -> "CIFAR-10"); any other name (a reader's folder) is itself."""
    return CATALOG[key].printed_name if key in CATALOG else key


def subject_of(key: str) -> str:
    """What the examples of `key` show, or of the set that it may stand in for; "" where the catalog knows neither."""
    rows = [CATALOG[key]] if key in CATALOG else [row for row in CATALOG.values() if key in row.stand_ins]
    return rows[0].subject if rows else ""


def source_of(key: str) -> str:
    """The set of which `key` is a part, such as "svhn" of "svhn-10k"; any other one is its own source."""
    return (CATALOG[key].part_of if key in CATALOG else "") or key
