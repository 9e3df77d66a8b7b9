"""The language models' experiments as data: one in-distribution's block of rows in Tables 6 and 11.

The paper's settings come from section 4.4 and appendix F, and from NLP_language_modeling of hendrycks/outlier-exposure
where the text is silent.
"""

from collections.abc import Sequence
from dataclasses import replace

from oe_core.data.streams import UNITS
from oe_core.data.texts import TEXTS
from oe_core.experiments import DRAWS, Experiment, check_choice, check_names
from oe_core.recipes import LanguageRecipe, fine_tuned
from oe_core.scales import check_scale
from oe_core.text_experiments import EMBEDDED_OUT_DISTS

IN_DISTS = {"smoke": ("docstrings",), "demo": ("docstrings",), "course": ("ptb",), "paper": ("ptb",)}
VARIANTS = ("paper", "code", "other-case")
SEEDS = {"smoke": 1, "demo": 1, "course": 1, "paper": 1}  # the paper trained each network once
OUT_DISTS = ("ewt-answers", "ewt-email", "ewt-newsgroup", "ewt-reviews", "ewt-weblog")
# The code reads as many segments of WikiText-2 as it has of the Penn Treebank, from the beginning, in every epoch.
FIRST_PART = {"words": 13_280, "characters": 33_400}


def language_experiment(
    in_dist: str,
    scale: str,
    *,
    unit: str = "words",
    outliers: str = "",
    out_dists: Sequence[str] = (),
    variant: str = "paper",
) -> Experiment:
    """The experiment of one in-distribution at one scale; `outliers` and `out_dists` replace the paper's when given.

    unit: "words" or "characters". variant: "paper" weighs the outliers by 1, as the text says of its text experiments;
    "code" by 0.5, and reads the first part of them only, as the code does; "other-case" treats capitals the other way.
    Words of outliers and anomalies keep their case, as in the code, on which the text is silent, so that capitalised
    ones are unknown words; characters are lower-cased, as the text says, since else capitals would be left out.
    Raises ValueError for unknown scales, units, data sets or variants, listing the known ones.
    """
    check_scale(scale)
    check_choice("unit", unit, UNITS)
    check_choice("variant", variant, VARIANTS)
    embedded = in_dist == "docstrings"
    out_dists = tuple(out_dists) or (EMBEDDED_OUT_DISTS if embedded else OUT_DISTS)
    outliers = outliers or ("docstrings-stdlib" if embedded else "wikitext-2")
    check_names(in_dist, outliers, out_dists, set(TEXTS.known_names()))
    baseline, tuning = _recipes(in_dist, scale, unit)
    if not embedded:  # whose texts have no capitals
        tuning["lower_others"] = (unit == "characters") != (variant == "other-case")
    if variant == "code":
        tuning |= {"oe_weight": 0.5, "outlier_limit": FIRST_PART[unit]}
    return Experiment(scale, baseline, fine_tuned(baseline, outliers, **tuning), out_dists, SEEDS[scale], DRAWS[scale])


def _recipes(in_dist: str, scale: str, unit: str) -> tuple[LanguageRecipe, dict]:
    """The baseline, and what fine-tuning changes."""
    paper = LanguageRecipe(f"{in_dist}-{unit}", in_dist, unit=unit)
    if unit == "characters":
        paper = replace(paper, epochs=50, length=150)
    if scale == "paper":
        return paper, {}
    # Adam on a cosine instead of NT-ASGD, which needs its hundreds of epochs, and half of every dropout: the networks
    # are small and see the text few times.
    short = replace(
        paper, optimiser="adam", learning_rate=0.005, embedding_dropout=0.05, input_dropout=0.2, hidden_dropout=0.15,
        output_dropout=0.2, weight_dropout=0.05,
    )  # fmt: skip
    if scale == "course":
        words = unit == "words"
        small = replace(short, embedding=256 if words else 200, hidden=512 if words else 400, epochs=10 if words else 5)
        return small, {"epochs": 5 if words else 2, "learning_rate": 0.002}
    tiny = replace(short, embedding=64, hidden=128, layers=2, vocabulary=4_000, epochs=6 if unit == "words" else 4)
    if scale == "smoke":
        return replace(tiny, length=20, epochs=1, limit=40), {"epochs": 1, "outlier_limit": 40}
    return tiny, {"epochs": 3 if unit == "words" else 2, "learning_rate": 0.003}
