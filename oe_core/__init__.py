"""Outlier Exposure (Hendrycks, Mazeika, Dietterich, ICLR 2019): data, models, losses, scores and metrics."""

__version__ = "0.1.0"
