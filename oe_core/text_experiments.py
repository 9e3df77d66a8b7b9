"""The text classifiers' experiments as data: one in-distribution's block of rows in Tables 2 and 8.

The paper's settings come from section 4.3 and appendix A, and from NLP_classification of hendrycks/outlier-exposure
where the text is silent. All scales but the smallest train as the paper does: the networks are small.
"""

from collections.abc import Sequence
from dataclasses import replace

from oe_core.data.texts import TEXTS
from oe_core.experiments import DRAWS, Experiment, check_choice, check_names
from oe_core.recipes import TextRecipe, fine_tuned
from oe_core.scales import check_scale

IN_DISTS = {
    "smoke": ("docstrings",),
    "demo": ("docstrings",),
    "course": ("20newsgroups", "trec", "sst"),
    "paper": ("20newsgroups", "trec", "sst"),
}
VARIANTS = ("paper", "code", "one-case")
SEEDS = {"smoke": 1, "demo": 2, "course": 3, "paper": 10}  # the paper trained each network once
EMBEDDED_OUT_DISTS = tuple(f"docstrings-{name}" for name in ("networkx", "sympy", "pandas", "matplotlib", "ipython"))
OUT_DISTS = (
    *("snli", "imdb", "multi30k", "wmt16", "yelp"),
    *("ewt-answers", "ewt-email", "ewt-newsgroup", "ewt-reviews", "ewt-weblog"),
)


def text_experiment(
    in_dist: str,
    scale: str,
    *,
    outliers: str = "",
    out_dists: Sequence[str] = (),
    variant: str = "paper",
) -> Experiment:
    """The experiment of one in-distribution at one scale; `outliers` and `out_dists` replace the paper's when given.

    variant: "paper" fine-tunes for 2 epochs, as the text says, and keeps the capitals of SST's inliers but of no other
    text, as the code does, on which the text is silent; "code" fine-tunes for 5 epochs, as the code does; "one-case"
    lower-cases SST's inliers as well, so that no capital tells them from anomalies. A folder of the reader's own gets
    the settings of TREC. Raises ValueError for unknown scales, data sets or variants, listing the known ones.
    """
    check_scale(scale)
    check_choice("variant", variant, VARIANTS)
    embedded = in_dist == "docstrings"
    out_dists = tuple(out_dists) or (EMBEDDED_OUT_DISTS if embedded else OUT_DISTS)
    outliers = outliers or ("docstrings-stdlib" if embedded else "wikitext-2")
    check_names(in_dist, outliers, out_dists, set(TEXTS.known_names()))
    # 20 Newsgroups are cut to their first 100 tokens; the others are read whole.
    baseline = TextRecipe(in_dist, in_dist, length=100 if in_dist == "20newsgroups" else None,
                          lower_inliers=in_dist != "sst" or variant == "one-case")  # fmt: skip
    if scale == "smoke":
        baseline = replace(baseline, epochs=1, limit=256)
    epochs = {"smoke": 1}.get(scale, 5 if variant == "code" else 2)
    exposed = fine_tuned(baseline, outliers, epochs=epochs, outlier_limit=2_000 if scale == "smoke" else None)
    return Experiment(scale, baseline, exposed, out_dists, SEEDS[scale], DRAWS[scale])
