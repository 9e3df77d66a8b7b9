"""A detector of pictures, trained once for all tests of a file."""

import pytest
from own_data import picture_detector


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("own")


@pytest.fixture(scope="module")
def of_pictures(folder):
    return picture_detector(folder)
