from dataclasses import replace

import pytest
from tqdm import tqdm

from oe_core.data.anomalies import VALIDATION
from oe_core.experiments import experiment
from oe_core.recipes import fine_tuned
from oe_core.runs import Store
from oe_core.validation import search, validation_scores

PLAN = experiment("digits", "smoke")
BASELINE = replace(PLAN.baseline, holdout=100)
EXPOSED = fine_tuned(BASELINE, "photo-china", epochs=1, learning_rate=0.01, name="exposed")


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    return Store(tmp_path_factory.mktemp("runs"), progress=lambda **arguments: tqdm(disable=True, **arguments))


def test_every_validation_distribution_of_appendix_a_is_measured(store):
    measured = validation_scores(store, BASELINE)
    assert measured["out_dist"].tolist() == list(VALIDATION.values())
    assert measured[["FPR95", "AUROC", "AUPR", "accuracy"]].apply(lambda column: column.between(0, 100).all()).all()


def test_a_search_has_one_row_a_recipe_and_counts_the_parent_s_training(store):
    found = search(store, [BASELINE, EXPOSED])
    assert found.index.tolist() == [BASELINE.name, "exposed"]
    own = store.run(EXPOSED).stamp["seconds"]
    assert found.loc["exposed", "seconds"] == pytest.approx(own + store.run(BASELINE).stamp["seconds"])
    mean = validation_scores(store, EXPOSED)["AUROC"].mean()
    assert found.loc["exposed", "AUROC"] == pytest.approx(mean)


def test_a_recipe_without_held_out_images_is_refused(store):
    with pytest.raises(ValueError, match="recipe 'digits' has holdout=0"):
        validation_scores(store, PLAN.baseline)
