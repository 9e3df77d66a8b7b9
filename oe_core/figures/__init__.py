"""Figures in one restrained, colour-blind-safe style; each function returns a pyplot figure."""

from oe_core.figures.calibration import confidence_histograms, error_bars, reliability
from oe_core.figures.curves import before_after, roc_pr, roc_pr_grid, score_histograms, seed_strips
from oe_core.figures.images import image_grid, pixels
from oe_core.figures.knobs import Knobs, knobs
from oe_core.figures.results import agreement, wall
from oe_core.figures.style import BLUE, GREEN, GREY, LINES, STYLE, VERMILION, publish, series
from oe_core.figures.turned import alarms, posteriors, tempered
