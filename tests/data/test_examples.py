from dataclasses import replace

import pytest
import torch

from oe_core.data.examples import TextSet


def texts(*words, labels=None, classes=("a", "b"), name="mine"):
    labels = torch.zeros(len(words), dtype=torch.int64) if labels is None else torch.tensor(labels)
    return TextSet(name, words, labels, classes, "folder")


def test_take_keeps_the_order_asked_for_and_all_that_belongs_to_the_set():
    taken = texts("one", "two", "three", labels=[0, 1, 1]).take(torch.tensor([2, 0]))
    assert taken.texts == ("three", "one") and taken.labels.tolist() == [1, 0] and len(taken) == 2
    assert (taken.name, taken.classes, taken.origin, taken.stand_in_for) == ("mine", ("a", "b"), "folder", "")


def test_the_fingerprint_is_that_of_texts_and_labels_not_of_the_name():
    first = texts("one", "two", labels=[0, 1])
    assert first.fingerprint == texts("one", "two", labels=[0, 1], name="other").fingerprint
    assert first.fingerprint != texts("one", "two", labels=[1, 0]).fingerprint
    assert first.fingerprint != texts("one", "too", labels=[0, 1]).fingerprint


def test_a_set_that_keeps_its_case_is_another_set_and_its_parts_keep_it_too():
    kept = replace(texts("One", "two"), keeps_case=True)
    assert kept.fingerprint != texts("One", "two").fingerprint
    assert kept.take(torch.tensor([1])).keeps_case and not texts("One", "two").take(torch.tensor([1])).keeps_case


@pytest.mark.parametrize(
    "labels, found",
    [
        ([0], r"labels must be int64 \(2,\), got torch.int64 \(1,\)"),
        ([0.0, 1.0], r"labels must be int64 \(2,\), got torch.float32 \(2,\)"),
        ([0, 2], "labels run from 0 to 2, allowed are 0 to 1 for its 2 classes"),
        ([-1, 0], "labels run from -1 to 0, allowed are 0 to 1"),
    ],
)
def test_labels_that_do_not_fit_are_named(labels, found):
    with pytest.raises(ValueError, match=f"mine: {found}"):
        texts("one", "two", labels=labels)


def test_a_set_without_text_is_refused():
    with pytest.raises(ValueError, match="mine: holds no text"):
        texts()
