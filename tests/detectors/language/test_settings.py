from dataclasses import replace
from functools import partial

import pytest

from oe_core.data.streams import printed_stream_name
from oe_core.detectors.language.settings import SETTINGS
from oe_core.detectors.registry import experiment
from oe_core.paper.comparison import paper_out_dists

IN_DISTS = SETTINGS.in_dists
OUT_DISTS = SETTINGS.out_dists["ptb"]
SEEDS = SETTINGS.seeds
VARIANTS = SETTINGS.options["variant"]
language_experiment = partial(experiment, detector="language")


@pytest.mark.parametrize("unit", ["words", "characters"])
def test_the_out_distributions_are_those_of_the_papers_table_11(unit):
    assert {printed_stream_name(key) for key in OUT_DISTS} == paper_out_dists(11, printed_stream_name("ptb", unit))


def test_the_papers_settings_of_section_4_4_and_of_the_code_where_it_is_silent():
    words, characters = (language_experiment("ptb", "paper", unit=unit) for unit in ("words", "characters"))
    assert (words.baseline.epochs, words.baseline.length) == (300, 70)
    assert (characters.baseline.epochs, characters.baseline.length) == (50, 150)
    for plan in (words, characters):
        recipe = plan.exposed
        assert (recipe.epochs, recipe.oe_weight, recipe.outliers) == (5, 1.0, "wikitext-2")
        assert (recipe.layers, recipe.hidden, recipe.embedding, recipe.vocabulary) == (4, 1550, 400, 10_000)
        assert (recipe.optimiser, recipe.learning_rate, recipe.clip, recipe.batch_size) == ("asgd", 30, 0.2, 20)


def test_each_variant_changes_what_it_says():
    for unit in ("words", "characters"):
        paper, code, other = (language_experiment("ptb", "paper", unit=unit, variant=name) for name in VARIANTS)
        assert paper.baseline == other.baseline
        assert paper.exposed.lower_others == (unit == "characters") != other.exposed.lower_others
        of_code = {"order": "streams", "best_epoch": True}
        assert code.baseline == replace(paper.baseline, **of_code)
        assert code.exposed == replace(paper.exposed, oe_weight=0.5, parent=code.baseline, **of_code)


def test_embedded_text_has_no_case_to_vary():
    assert language_experiment("docstrings", "demo", variant="other-case") == language_experiment("docstrings", "demo")
