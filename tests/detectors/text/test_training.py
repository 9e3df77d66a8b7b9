from dataclasses import replace

import pytest
import torch
from tqdm import tqdm

from oe_core.data.examples import TextSet
from oe_core.data.vocabulary import PADDING, UNKNOWN
from oe_core.detectors.text import TEXT
from oe_core.detectors.text.recipe import TextRecipe
from oe_core.detectors.text.training import TASK, UNREAD, filled, predict, token_ids, vocabulary_of
from oe_core.recipe import fine_tuned

fit = TEXT.fit
load_model = TEXT.network

CPU = torch.device("cpu")
BASELINE = TextRecipe("pets", "pets", epochs=4, batch_size=8, outlier_batch_size=8, vocabulary=40)
WORDS = {"cat": "purrs meows sleeps climbs", "dog": "barks runs digs fetches"}


def pets(count=64):
    """Short sentences about cats (class 0) and dogs (class 1)."""
    texts = []
    for number in range(count):
        animal = ("cat", "dog")[number % 2]
        verbs = WORDS[animal].split()
        texts.append(f"the {animal} {verbs[number % 4]} and {verbs[number // 4 % 4]}")
    return TextSet("pets", tuple(texts), torch.arange(count) % 2, ("cats", "dogs"), "folder")


def others(count=64):
    texts = tuple(f"stocks fell {number % 7} points and the market closed" for number in range(count))
    return TextSet("news", texts, torch.zeros(count, dtype=torch.int64), ("unlabelled",), "folder")


def train(recipe, **settings):
    outliers = others() if recipe.outliers else None
    return fit(recipe, pets(), outliers, device=CPU, progress=lambda **bar: tqdm(disable=True, **bar), **settings)


def largest_probability(recipe, weights, texts):
    ids = token_ids(texts, vocabulary_of(pets(), recipe), recipe)
    return predict(load_model(recipe, weights, 2, CPU), ids, recipe).softmax(dim=1).max(dim=1).values


def test_it_learns_and_exposure_makes_it_doubt_outliers():
    baseline = train(BASELINE)
    ids = token_ids(pets(), vocabulary_of(pets(), BASELINE), BASELINE)
    logits = predict(load_model(BASELINE, baseline.weights, 2, CPU), ids, BASELINE)
    assert (logits.argmax(dim=1) == pets().labels).all()
    exposed = fine_tuned(BASELINE, "news", epochs=4)
    tuned = train(exposed, initial=baseline.weights)
    assert largest_probability(exposed, tuned.weights, pets()).mean() > 0.9
    assert largest_probability(exposed, tuned.weights, others()).mean() < 0.7


def test_a_set_that_keeps_its_case_is_read_with_its_capitals():
    vocabulary = vocabulary_of(pets(), BASELINE)
    shouted = TextSet("news", ("The cat RUNS",), torch.zeros(1, dtype=torch.int64), ("unlabelled",), "folder")
    known = vocabulary.encode(["the cat runs"])
    assert torch.equal(token_ids(shouted, vocabulary, BASELINE), known)
    kept = token_ids(replace(shouted, keeps_case=True), vocabulary, BASELINE)
    assert kept.tolist() == [[UNKNOWN, known[0, 1].item(), UNKNOWN]]


def test_logits_come_back_in_the_order_of_the_texts_whatever_their_lengths():
    model = load_model(BASELINE, train(replace(BASELINE, epochs=1)).weights, 2, CPU)
    texts = [" ".join(["cat"] * count) for count in (5, 1, 3, 2, 4)]
    ids = vocabulary_of(pets(), BASELINE).encode(texts)
    one_by_one = torch.cat([predict(model, row[None], BASELINE) for row in ids])
    assert torch.allclose(predict(model, ids, BASELINE, batch_size=2), one_by_one, atol=1e-6)


def test_the_same_seed_gives_the_same_weights_bit_for_bit():
    first, second = train(BASELINE).weights, train(BASELINE).weights
    assert all(torch.equal(first[name], second[name]) for name in first)
    other = train(replace(BASELINE, seed=1)).weights
    assert not all(torch.equal(first[name], other[name]) for name in first)


def test_the_rate_of_texts_falls_once_an_epoch_as_torchs_cosine_does():
    optimiser = torch.optim.Adam([torch.zeros(1, requires_grad=True)], lr=0.01)
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, T_max=BASELINE.epochs)
    for epoch in range(BASELINE.epochs):
        rates = {TASK.rate(BASELINE, 8 * epoch + step, 8) for step in range(8)}
        assert len(rates) == 1 and rates.pop() == pytest.approx(scheduler.get_last_lr()[0])
        optimiser.step()
        scheduler.step()


class Stopping:
    """A checkpoint in memory that stops the training at its first save."""

    state = None

    def load(self):
        return self.state

    def save(self, state):
        first, self.state = self.state is None, state
        self.state["model"] = {name: tensor.clone() for name, tensor in state["model"].items()}
        if first:
            raise KeyboardInterrupt


def test_an_interrupted_training_goes_on_to_the_same_weights():
    checkpoint = Stopping()
    with pytest.raises(KeyboardInterrupt):
        train(BASELINE, checkpoint=checkpoint)
    resumed, whole = train(BASELINE, checkpoint=checkpoint).weights, train(BASELINE).weights
    assert all(torch.equal(whole[name], resumed[name]) for name in whole)


def test_inliers_may_keep_their_case_while_all_other_texts_are_lower_cased():
    recipe = replace(BASELINE, lower_inliers=False)
    spelled = TextSet("pets", ("The Cat purrs",), torch.zeros(1, dtype=torch.int64), ("cats",), "folder")
    vocabulary = vocabulary_of(spelled, recipe)
    assert vocabulary.tokens == ("Cat", "The", "purrs")
    assert token_ids(spelled, vocabulary, recipe).tolist() == [[3, 2, 4]]
    elsewhere = replace(spelled, name="news")
    assert token_ids(elsewhere, vocabulary, recipe).tolist() == [[1, 1, 4]]


def test_a_length_cuts_inliers_and_outliers_alike():
    recipe = replace(BASELINE, length=3)
    vocabulary = vocabulary_of(pets(), recipe)
    assert token_ids(pets(), vocabulary, recipe).shape == token_ids(others(), vocabulary, recipe).shape == (64, 3)


READING = replace(BASELINE, reads_padding=True, length=3)


def test_where_padding_is_read_only_inliers_are_cut():
    vocabulary = vocabulary_of(pets(), READING)
    assert [token_ids(texts, vocabulary, READING).shape[1] for texts in (pets(), others())] == [3, 8]


def test_a_joint_batch_is_filled_for_inliers_and_for_outliers_apart():
    exposed = fine_tuned(READING, "news")
    short = TextSet("pets", ("cat", "the cat runs and barks"), torch.tensor([0, 1]), ("cats", "dogs"), "folder")
    batch = next(TASK.batches(exposed, short, others(8), CPU).epoch()).inputs
    inliers, outliers = batch.split([2, 8])
    assert sorted((inliers == UNREAD).sum(dim=1).tolist()) == [5, 5] and (inliers == PADDING).sum() == 2
    assert not (outliers < UNKNOWN).any()


def test_padding_that_is_read_gives_the_logits_of_torchs_gru_on_the_padded_batch():
    weights = train(replace(READING, epochs=1)).weights
    model = load_model(READING, weights, 2, CPU)
    ids = torch.tensor([[0, 0, 5, 4], [0, 0, 0, 3], [0, 6, 2, 3]])
    expected = model.head(model.gru(model.embedding(ids[:, 1:].T))[1][1])
    found = predict(model, ids, READING)
    assert torch.allclose(found, expected, atol=1e-6)
    assert torch.allclose(model(filled(ids)), expected, atol=1e-6)
    assert not torch.allclose(found[1], predict(model, ids[1:2], READING)[0], atol=1e-3)


def test_texts_that_are_read_with_padding_go_as_many_at_a_time_as_in_training():
    model = load_model(READING, train(replace(READING, epochs=1)).weights, 2, CPU)
    ids = torch.tensor([[0, 0, 5, 4], [0, 6, 2, 3]] * 5)
    of_batches = torch.cat([predict(model, part, READING) for part in ids.split(READING.batch_size)])
    assert torch.equal(predict(model, ids, READING), of_batches)


def test_the_vocabulary_is_that_of_the_training_part():
    part = replace(BASELINE, holdout=60)
    assert len(vocabulary_of(pets(), part).tokens) < len(vocabulary_of(pets(), BASELINE).tokens)


def test_another_network_than_a_gru_is_refused():
    with pytest.raises(ValueError, match="model='lstm' is unknown; texts are classified by gru"):
        train(replace(BASELINE, model="lstm"))
