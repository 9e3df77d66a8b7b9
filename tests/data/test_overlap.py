import torch

from oe_core.data.examples import ImageSet, TextSet
from oe_core.data.overlap import example_digests, shared
from oe_core.data.streams import stream_of


def images(*shades, size=2, name="shades"):
    pixels = torch.tensor(shades, dtype=torch.uint8).view(-1, 1, 1, 1).expand(-1, 3, size, size)
    return ImageSet(name, pixels, torch.zeros(len(shades), dtype=torch.int64), ("shade",), "folder")


def texts(*words, classes=("a", "b")):
    return TextSet("words", words, torch.arange(len(words)) % len(classes), classes, "folder")


def counted(a, b):
    return shared(example_digests(a), example_digests(b))


def test_the_examples_of_one_set_that_occur_in_another_are_counted_whatever_names_and_labels():
    assert counted(images(1, 2, 3), images(3, 9, 2, name="other")) == 2
    assert counted(texts("one", "two", "three"), texts("zero", "one", classes=("c",))) == 1


def test_each_repetition_counts_in_the_set_that_is_asked_about():
    assert counted(images(1, 2), images(1, 1, 5)) == 2 and counted(images(1, 1, 5), images(1, 2)) == 1


def test_one_other_pixel_or_letter_makes_another_example():
    one = images(1, 2).images.clone()
    one[0, 2, 1, 1] = 7
    assert counted(images(1, 2), ImageSet("one", one, torch.tensor([0, 0]), ("shade",), "folder")) == 1
    assert counted(texts("one"), texts("One")) == 0


def test_images_of_another_size_texts_and_streams_share_nothing():
    assert counted(images(1, 2), images(1, 2, size=4)) == 0
    assert counted(images(1), texts("one")) == 0
    assert not example_digests(stream_of(texts("one two"), "words"))
    assert counted(stream_of(texts("one two"), "words"), texts("one two")) == 0
