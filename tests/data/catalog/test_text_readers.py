import pytest
from genuine_files import write_zip

from oe_core.data.catalog import CATALOG
from oe_core.data.catalog.image_readers import SOURCES
from oe_core.data.catalog.text_readers import TEXT_SOURCES


def test_every_source_is_a_split_of_the_catalog_made_of_files_of_its_row():
    for key, splits in TEXT_SOURCES.items():
        files = {file.name for file in CATALOG[key].files}
        assert set(splits) == set(CATALOG[key].splits), key
        assert all(set(source.files) <= files for source in splits.values()), key


def test_every_text_set_has_a_source_and_no_image_set_has_one():
    assert set(TEXT_SOURCES) == {key for key, row in CATALOG.items() if row.kind == "text"}
    assert set(SOURCES) & set(TEXT_SOURCES) == set()


def test_the_splits_of_one_archive_are_told_apart(tmp_path):
    members = {f"trees/{split}.txt": f"(4 (2 {split}))\n".encode() for split in ("train", "dev", "test")}
    path = write_zip(tmp_path / "trainDevTestTrees_PTB.zip", members)
    assert {split: source.read([path]).texts for split, source in TEXT_SOURCES["sst"].items()} == {
        "train": ("train",),
        "dev": ("dev",),
        "test": ("test",),
    }


@pytest.mark.parametrize("key", ["wikitext-2", "wikitext-103"])
def test_a_set_read_from_a_source_bears_the_name_of_its_row(tmp_path, key):
    path = write_zip(tmp_path / f"{key}-v1.zip", {f"{key}/wiki.valid.tokens": b" a \n"})
    assert TEXT_SOURCES[key]["valid"].read([path]).name == key


def test_a_genre_of_the_web_treebank_is_read_from_both_files(tmp_path):
    paths = []
    for name in TEXT_SOURCES["ewt-email"]["test"].files:
        paths.append(tmp_path / name)
        paths[-1].write_text(f"# sent_id = email-1\n1\t{name}{8 * chr(9)}_\n\n")
    email = TEXT_SOURCES["ewt-email"]["test"].read(paths)
    assert email.name == "ewt-email" and email.texts == ("en_ewt-ud-dev.conllu", "en_ewt-ud-test.conllu")
