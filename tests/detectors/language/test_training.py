"""Language models on texts small enough to see through: what they learn, how they are averaged, what they say."""

import math
from dataclasses import replace

import pytest
import torch
import torch.nn.functional as F
from interrupted import Memory
from tqdm import tqdm

from oe_core.data.examples import TextSet
from oe_core.data.streams import Stream, stream_of
from oe_core.detectors.language import LANGUAGE
from oe_core.detectors.language.network import QRNNLanguageModel
from oe_core.detectors.language.recipe import LanguageRecipe
from oe_core.detectors.language.training import (
    TASK,
    as_text,
    final_weights,
    is_averaging,
    predict,
    segments,
    segments_of,
    side_by_side,
    validation_perplexity,
)
from oe_core.recipe import fine_tuned

fit = LANGUAGE.fit
load_model = LANGUAGE.network

CPU = torch.device("cpu")
TINY = LanguageRecipe(
    "tiny", "verse", epochs=15, optimiser="adam", learning_rate=0.02, batch_size=4, outlier_batch_size=4, length=8,
    embedding=16, hidden=24, layers=2, precision="float32", embedding_dropout=0, input_dropout=0, hidden_dropout=0,
    output_dropout=0, weight_dropout=0, clip=1.0,
)  # fmt: skip
AVERAGED = replace(TINY, optimiser="asgd", learning_rate=4.0, patience=1, epochs=8)


def lines(texts, name="verse"):
    return TextSet(name, tuple(texts), torch.zeros(len(texts), dtype=torch.int64), ("unlabelled",), "folder")


def verse(count=60, held_out=60):
    """A text whose next word is certain but for the first of a line."""
    texts = [("the cat sat on the mat", "a dog ran up the hill")[number % 3 == 0] for number in range(count)]
    stream = stream_of(lines(texts), "words")
    return replace(stream, held_out=held_out)


def prices(count=60):
    texts = [f"mat {('on', 'up')[number % 2]} cat sat hill the dog a" for number in range(count)]
    return stream_of(lines(texts, "prices"), "words")


def train(recipe, **settings):
    outliers = prices() if recipe.outliers else None
    return fit(recipe, verse(), outliers, device=CPU, progress=lambda **bar: tqdm(disable=True, **bar), **settings)


def network(recipe, weights):
    return load_model(recipe, weights, len(verse().classes), CPU)


def test_segments_overlap_by_the_token_that_one_ends_and_the_next_begins_with():
    assert segments(torch.arange(8), 3).tolist() == [[0, 1, 2, 3], [3, 4, 5, 6]]
    with pytest.raises(ValueError, match="verse has 3 tokens, too few for a first one and a segment of length=3"):
        segments(torch.arange(3), 3, "verse")


def test_segments_of_a_stream_are_spelled_in_the_training_vocabulary():
    pieces = segments_of(prices(1), verse(), replace(TINY, length=2, vocabulary=4))
    known = verse().vocabulary(4)
    assert as_text(pieces[0], known, "words") == "<unk> <unk> cat"
    first = segments_of(verse(1, held_out=0), verse(), replace(TINY, length=2))[0]
    assert as_text(first, verse().classes, "words") == "a dog ran"
    letters = stream_of(lines(["ab c"]), "characters")
    assert as_text(letters.ids, letters.classes, "characters") == "ab c<eos>"


def test_it_learns_what_comes_next_and_exposure_makes_it_expect_nothing_of_outliers():
    baseline = train(TINY)
    assert baseline.log[-1]["validation_perplexity"] < 1.6 < 5 < math.exp(baseline.log[0]["inlier_loss"])
    exposed = fine_tuned(TINY, "prices", epochs=4, learning_rate=0.02)
    tuned = train(exposed, initial=baseline.weights)
    inside, outside = (segments_of(stream, verse(), TINY) for stream in (verse(), prices()))
    uniform = math.log(len(verse().classes))
    before, after = (predict(network(TINY, trained.weights), outside, TINY) for trained in (baseline, tuned))
    assert after[:, 1].mean() < uniform + 0.3 < uniform + 1 < before[:, 1].mean()
    assert predict(network(TINY, tuned.weights), inside, TINY)[:, 0].mean() < math.log(1.8)


def test_predictions_are_the_mean_losses_of_each_segment():
    model = network(TINY, train(TINY).weights)
    pieces = segments_of(verse(), verse(), TINY)[:5]
    found = predict(model, pieces, TINY, batch_size=2)
    for piece, (likelihood, uniform) in zip(pieces, found, strict=True):
        logits = model(piece[None, :-1])
        assert torch.isclose(likelihood, F.cross_entropy(logits, piece[1:]), atol=1e-5)
        assert torch.isclose(uniform, -F.log_softmax(logits, 1).mean(), atol=1e-5)
    perplexity = validation_perplexity(model, verse(), TINY)
    held_out = segments(verse().validation, TINY.length)
    assert math.isclose(perplexity, math.exp(predict(model, held_out, TINY)[:, 0].mean()), rel_tol=1e-5)


def test_the_same_seed_gives_the_same_weights_bit_for_bit():
    dropping = replace(TINY, epochs=1, hidden_dropout=0.3, weight_dropout=0.1, embedding_dropout=0.1)
    first, second = train(dropping).weights, train(dropping).weights
    assert all(torch.equal(first[name], second[name]) for name in first)
    other = train(replace(dropping, seed=1)).weights
    assert not all(torch.equal(first[name], other[name]) for name in first)


def test_averaging_begins_after_patience_validations_without_a_gain_and_gives_the_mean_of_the_iterates():
    model = QRNNLanguageModel(9, replace(AVERAGED, embedding=8, hidden=8, layers=1))
    optimiser = TASK.optimiser(model.parameters(), replace(AVERAGED, weight_decay=0, patience=2))
    stream = Stream("toy", "characters", torch.randint(9, (60,), dtype=torch.int32), tuple("abcdefghi"), 30, "folder")
    recipe, log, iterates = replace(AVERAGED, length=5, patience=2, vocabulary=9), [], []
    for epoch in range(6):
        for _ in range(2):
            optimiser.zero_grad()
            F.cross_entropy(model(torch.randint(9, (2, 5)))[0], torch.randint(9, (10,))).backward()
            optimiser.step()
            if is_averaging(optimiser):
                iterates.append(model.output_bias.detach().clone())
        was = is_averaging(optimiser)
        row = TASK.after_epoch(model, optimiser, recipe, stream, log)
        assert row["averaged"] == was
        log.append({"validation_perplexity": 1.0 if epoch == 0 else row["validation_perplexity"]})
        # Epochs 0 and 1 cannot trigger; in epoch 3 the best before the last two validations is epoch 0's.
        assert is_averaging(optimiser) == (epoch >= 3)
    averaged = final_weights(model, optimiser)["output_bias"]
    assert torch.allclose(averaged, torch.stack(iterates).mean(dim=0), atol=1e-6)
    assert not torch.allclose(averaged, model.output_bias)


def test_before_averaging_the_weights_are_the_last_ones():
    log = train(replace(AVERAGED, epochs=2)).log
    assert [row["averaged"] for row in log] == [False, False]


@pytest.mark.parametrize("stop_after", [2, 6])
def test_an_interrupted_training_goes_on_to_the_same_averaged_weights(stop_after):
    whole = train(AVERAGED)
    assert [row["averaged"] for row in whole.log][-1], "the recipe must reach its averages for this test"
    memory = Memory(stop_after)
    with pytest.raises(KeyboardInterrupt):
        train(AVERAGED, checkpoint=memory)
    resumed = train(AVERAGED, checkpoint=memory)
    assert all(torch.equal(whole.weights[name], resumed.weights[name]) for name in whole.weights)
    assert [row["validation_perplexity"] for row in resumed.log] == [r["validation_perplexity"] for r in whole.log]


IN_STREAMS = replace(TINY, order="streams", epochs=1)


def test_streams_are_read_side_by_side_and_longer_ones_of_outliers_only_in_their_first_part():
    assert side_by_side(7, steps=2, streams=3).tolist() == [0, 2, 4, 1, 3, 5]
    assert side_by_side(4, steps=3, streams=2).tolist() == [0, 2, 1, 3, 0, 2]
    with pytest.raises(ValueError, match="3 segments are too few for 4 streams, as many as a batch has segments"):
        side_by_side(3, steps=1, streams=4)
    exposed = fine_tuned(IN_STREAMS, "prices")
    batches = TASK.batches(exposed, verse(50), prices(90), CPU)
    inside, outside = (segments(stream.spelled_in(verse(50).vocabulary(10_000), stream.training), 8)[:, :-1]
                       for stream in (verse(50), prices(90)))  # fmt: skip
    inner, outer = len(inside) // 4, len(outside) // 4
    assert len(batches) == inner < outer
    for _ in range(2):
        for step, batch in enumerate(batches.epoch()):
            expected = [inside[step + inner * stream] for stream in range(4)]
            expected += [outside[step + outer * stream] for stream in range(4)]
            assert torch.equal(batch.inputs, torch.stack(expected))


def test_the_weights_of_the_best_validation_are_kept_over_an_interruption_or_else_the_last():
    """A rate so high that validation gets worse again."""
    recipe = replace(AVERAGED, best_epoch=True, patience=8, learning_rate=30.0, epochs=4)
    whole = train(recipe)
    found = [row["validation_perplexity"] for row in whole.log]
    best = found.index(min(found)) + 1
    assert best < recipe.epochs, "the recipe must get worse again for this test"
    until_then = train(replace(recipe, epochs=best, best_epoch=False)).weights
    assert all(torch.equal(whole.weights[name], until_then[name]) for name in until_then)
    last = train(replace(recipe, best_epoch=False)).weights
    assert not torch.equal(last["output_bias"], whole.weights["output_bias"])
    memory = Memory(best + 1)
    with pytest.raises(KeyboardInterrupt):
        train(recipe, checkpoint=memory)
    resumed = train(recipe, checkpoint=memory).weights
    assert all(torch.equal(whole.weights[name], resumed[name]) for name in resumed)


def test_the_gradient_is_clipped_as_a_whole():
    parameters = [torch.nn.Parameter(torch.zeros(2)), torch.nn.Parameter(torch.zeros(1))]
    optimiser = TASK.optimiser(parameters, replace(AVERAGED, learning_rate=1.0, clip=0.5, weight_decay=0))
    parameters[0].grad, parameters[1].grad = torch.tensor([3.0, 0.0]), torch.tensor([4.0])
    optimiser.step()
    assert torch.allclose(parameters[0], torch.tensor([-0.3, 0.0])) and torch.allclose(
        parameters[1], torch.tensor([-0.4])
    )


def test_sgd_keeps_its_rate_and_adam_follows_a_cosine():
    assert {TASK.rate(AVERAGED, position, 5) for position in range(40)} == {4.0}
    rates = [TASK.rate(replace(TINY, epochs=4), position, 5) for position in range(20)]
    assert rates[0] == 0.02 and rates[10] == pytest.approx(0.01) and rates == sorted(rates, reverse=True)


def test_the_penalties_enter_the_loss_but_not_its_reported_parts():
    recipe = replace(TINY, activation_penalty=2.0, slowness_penalty=1.0)
    logits, labels = torch.randn(6, 4), torch.tensor([[0, 1, 2]])
    raw = torch.tensor([1.0, 3.0]).view(2, 1, 1)
    total, inlier, outlier = TASK.loss((logits, 2 * raw, raw), labels, recipe)
    assert torch.isclose(inlier, F.cross_entropy(logits[:3], labels[0]))
    assert torch.isclose(outlier, -F.log_softmax(logits[3:], 1).mean())
    assert torch.isclose(total, inlier + outlier + 2 * (4 + 36) / 2 + 1 * 4)


def test_too_little_text_to_validate_on_is_an_error_before_the_first_step():
    steps = []
    with pytest.raises(ValueError, match="verse, held out, has 4 tokens, too few for a first one and a segment"):
        fit(TINY, verse(held_out=4), None, device=CPU, progress=lambda **bar: steps.append(bar))
    assert steps == []


def test_an_unknown_model_is_named():
    with pytest.raises(ValueError, match="model='lstm' is unknown; the language model is a qrnn"):
        train(replace(TINY, model="lstm"))
