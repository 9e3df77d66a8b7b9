"""Outlier Exposure (Hendrycks, Mazeika, Dietterich, ICLR 2019): the names that most programs need.

Each is loaded when it is first asked for, so that `import oe_core` costs nothing.
"""

from importlib import import_module

from oe_core.processors import settle

settle()  # torch reads how many threads it may have, and how long they wait, when it is loaded

__version__ = "0.1.0"

_HOMES = {
    "arguments": ("ArgumentError", "check_choice", "check_counts", "check_lists", "check_numbers"),
    "scales": ("SCALES", "check_scale", "data_root", "runs_root"),
    "recipe": ("fine_tuned", "from_scratch"),
    "experiments": ("Experiment",),
    "data.sources": ("MissingDataError", "load_images", "load_texts"),
    "data.streams": ("load_stream",),
    "detectors.registry": ("KINDS", "experiment", "in_dists", "kind_of"),
    "detectors.objectives.recipe": ("with_objective",),
    "runs.store": ("Store", "network", "predict"),
    "evaluation.test_sets": ("out_sets", "substituted"),
    "evaluation.evaluate": ("evaluate", "evaluate_each"),
    "evaluation.holdout": ("calibration_experiment",),
    "evaluation.calibrate": ("calibrate",),
    "evaluation.ablations": ("ablate",),
    "evaluation.metrics": ("auroc", "aupr", "detection_metrics", "fpr_at_tpr"),
    "evaluation.draws": ("base_rate_draws",),
    "scores": ("msp",),
    "paper.comparison": ("compare",),
    "detector.detector": ("Detector", "Prediction"),
}
_HOME = {name: f"{__name__}.{module}" for module, names in _HOMES.items() for name in names}
_ROOMS = ("figures", "losses", "paper", "scores")
__all__ = [*_HOME, *_ROOMS]


def __getattr__(name: str):
    if name in _ROOMS:
        return import_module(f"{__name__}.{name}")
    if name not in _HOME:
        raise AttributeError(f"{__name__} has no {name!r}; it has {', '.join(__all__)}")
    return getattr(import_module(_HOME[name]), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
