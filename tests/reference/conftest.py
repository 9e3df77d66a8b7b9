"""What several tests of measured results compare with."""

import pytest
from reference_records import COURSE

from oe_core.evaluation import records
from oe_core.paper import comparison


@pytest.fixture(scope="module")
def table_7():
    """CIFAR-10 at scale course, three trainings."""
    return comparison.compare(records.read(COURSE / "records.csv"), 7)
