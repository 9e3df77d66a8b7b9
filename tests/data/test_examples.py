from dataclasses import replace

import pytest
import torch

from oe_core.data.examples import ImageSet, TextSet, check_trainable


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


def test_sets_are_equal_by_what_they_hold():
    one, copy = (TextSet("x", ("a", "b"), torch.tensor([0, 1]), ("c", "d"), "folder") for _ in range(2))
    assert one == copy and hash(one) == hash(copy) and one != replace(one, texts=("a", "c")) and one != "x"
    pictures = [ImageSet("x", torch.full((2, 3, 4, 4), value, dtype=torch.uint8), torch.tensor([0, 1]), ("c", "d"), "x")
                for value in (0, 0, 1)]  # fmt: skip
    assert pictures[0] == pictures[1] != pictures[2] and len({*pictures}) == 2


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


def of_labels(*labels, classes=("a", "b", "c"), name="mine"):
    return texts(*map(str, range(len(labels))), labels=list(labels), classes=classes, name=name)


def test_two_examples_of_two_classes_and_five_to_test_on_are_enough():
    check_trainable(of_labels(0, 0, 2, 2), of_labels(0, 0, 0, 2, 2))
    check_trainable(of_labels(0, 0, 2, 2))


@pytest.mark.parametrize(
    ("train", "test", "settings", "found"),
    [
        (of_labels(1, 1, 1), None, {}, "mine: its train split has examples of one class, b; expected two classes"),
        (of_labels(0, 0, 1, 2), None, {}, "mine: 2 of 3 classes have fewer than 2 examples in the train split: b, c;"),
        (
            of_labels(0, 0, 1, 1),
            of_labels(0, 1, 0, 1),
            {},
            "its test split holds 4 examples; expected 5 for one",
        ),
        (of_labels(0, 0, 1, 1), of_labels(0, 1, 0, 1), {"ratio": 10}, "holds 4 examples; expected 10 for one"),
        (of_labels(0, 0, 1, 1), None, {"held_out": 0.75}, "mine: of 4 examples 1 are left to train on; expected at"),
        (
            of_labels(0, 0, 1, 1),
            of_labels(0, 0, 0, 0, 0, classes=("unlabelled",)),
            {},
            "mine: train has the classes a, b, c, test has unlabelled; expected the same",
        ),
    ],
)
def test_too_few_classes_or_examples_are_refused_before_the_training(train, test, settings, found):
    with pytest.raises(ValueError, match=found):
        check_trainable(train, test, **settings)


def test_test_examples_of_classes_that_nobody_learned_are_said_and_refused_where_all_are(caplog):
    with pytest.raises(ValueError, match=r"mine: 5 of 5 test .* has, c; those learned are a, b: give both splits the"):
        check_trainable(of_labels(0, 0, 1, 1), of_labels(2, 2, 2, 2, 2))
    check_trainable(of_labels(0, 0, 1, 1), of_labels(0, 0, 1, 2, 2))
    assert "mine: 2 of 5 test examples are of classes that no training example has, c; no network" in caplog.text


def test_a_set_whose_labels_nobody_learns_may_have_one_class():
    check_trainable(
        of_labels(0, 0, 0, classes=("patch",)), of_labels(0, 0, 0, 0, 0, classes=("other",)), classified=False
    )


@pytest.mark.parametrize(
    ("images", "found"),
    [
        (
            torch.zeros(2, 8, 8, 3, dtype=torch.uint8),
            r"images must be uint8 \(n, 3, height, width\), got torch.uint8 \(2, 8",
        ),
        (torch.zeros(2, 3, 8, 8), r"images must be uint8 \(n, 3, height, width\), got torch.float32 \(2, 3, 8, 8\)"),
        (torch.zeros(0, 3, 8, 8, dtype=torch.uint8), "holds no image"),
    ],
)
def test_images_of_another_shape_or_type_are_named(images, found):
    with pytest.raises(ValueError, match=f"mine: {found}"):
        ImageSet("mine", images, torch.zeros(len(images), dtype=torch.int64), ("a",), "folder")
