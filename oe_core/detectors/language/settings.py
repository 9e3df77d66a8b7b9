"""The language models' experiments, as data: Tables 6 and 11.

The paper's settings come from section 4.4 and appendix F, and from NLP_language_modeling of hendrycks/outlier-exposure
where the text is silent.
"""

from oe_core.data.sources import LINES
from oe_core.data.streams import UNITS
from oe_core.detectors.language.recipe import LanguageRecipe
from oe_core.detectors.text.settings import EMBEDDED_OUT_DISTS, WEB_TREEBANK
from oe_core.experiments import SEEDS, Settings, row

# Adam on a cosine instead of NT-ASGD, which needs its hundreds of epochs, and half of every dropout: the networks are
# small and see the text few times.
SHORT = {"optimiser": "adam", "learning_rate": 0.005, "embedding_dropout": 0.05, "input_dropout": 0.2,
         "hidden_dropout": 0.15, "output_dropout": 0.2, "weight_dropout": 0.05}  # fmt: skip
TINY = {"embedding": 64, "hidden": 128, "layers": 2, "vocabulary": 4_000}

ROWS = (
    row({"name": "{in_dist}-{unit}"}),
    row({"unit": "characters", "epochs": 50, "length": 150}, unit="characters"),
    row(SHORT, scale=("smoke", "demo", "course")),
    row({"embedding": 256, "hidden": 512, "epochs": 10}, {"epochs": 5, "learning_rate": 0.002}, scale="course",
        unit="words"),
    row({"embedding": 200, "hidden": 400, "epochs": 5}, {"epochs": 2, "learning_rate": 0.002}, scale="course",
        unit="characters"),
    row(TINY, scale=("smoke", "demo")),
    row({"epochs": 4}, {"epochs": 2, "learning_rate": 0.003}, scale="demo", unit="words"),
    row({"epochs": 3}, {"epochs": 1, "learning_rate": 0.003}, scale="demo", unit="characters"),
    row({"length": 20, "epochs": 1, "limit": 40}, {"epochs": 1, "outlier_limit": 40}, scale="smoke"),
    # The embedded texts have no capitals.
    row(exposed={"lower_others": True}, in_dist="ptb", unit="characters", variant=("paper", "code")),
    row(exposed={"lower_others": True}, in_dist="ptb", unit="words", variant="other-case"),
    row({"order": "streams", "best_epoch": True}, {"oe_weight": 0.5}, variant="code"),
)  # fmt: skip
SETTINGS = Settings(
    LanguageRecipe, ROWS, default="ptb", sources=LINES, seeds=SEEDS,
    in_dists={"smoke": ("docstrings",), "demo": ("docstrings",), "course": ("ptb",), "paper": ("ptb",)},
    outliers={"docstrings": "docstrings-stdlib", "ptb": "wikitext-2"},
    out_dists={"docstrings": EMBEDDED_OUT_DISTS, "ptb": WEB_TREEBANK},
    # "paper" weighs the outliers by 1, as the text says of its text experiments; "code" by 0.5, and, with outliers and
    # without, reads segments in their order, of the outliers always the same, and ends with the epoch of the best
    # validation, as the code does; "other-case" treats capitals the other way. Words of outliers and anomalies keep
    # their case, as in the code, on which the text is silent, so that capitalised ones are unknown words; characters
    # are lower-cased, as the text says, since else capitals would be left out.
    options={"variant": ("paper", "code", "other-case"), "unit": UNITS},
)  # fmt: skip
