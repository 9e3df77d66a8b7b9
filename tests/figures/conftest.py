"""Figures in tests: drawn without a screen, closed after each test."""

import matplotlib
import numpy as np
import pytest

matplotlib.use("Agg")

from matplotlib import pyplot as plt  # noqa: E402


@pytest.fixture(autouse=True)
def closed_figures():
    yield
    plt.close("all")


@pytest.fixture
def shares_of():
    """From a histogram's steps to the height of each bin."""

    def heights(steps):
        (path,) = steps.get_paths()
        upper = path.vertices[len(path.vertices) // 2 :]  # the way back; the way there is the zero line
        x, y = upper.T
        return y[:-1][(np.diff(x) != 0) & (np.diff(y) == 0)]

    return heights
