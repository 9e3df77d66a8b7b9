import torch

from bench import comparisons, precisions


def test_the_precisions_are_those_of_two_trainings_of_ours(monkeypatch):
    seen = []
    forward = precisions.train.Training.autocast

    def watched(training):
        seen.append(training.recipe.precision)
        return forward(training)

    monkeypatch.setattr(precisions.train.Training, "autocast", watched)
    result = precisions.training_step(comparisons.TINY, torch.device("cpu"), steps=1, warm_up=1, rounds=2)
    assert seen == ["bfloat16", "float32"] * 3
    assert result.best_plain == "ours in float32" and len(result.ratios) == 2
