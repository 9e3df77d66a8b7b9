import csv
import re
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from genuine_files import write_zip

from oe_core.data.catalog import CATALOG, dataset, printed_name, source_of
from oe_core.scales import SCALES

PAPER_TABLES = Path(__file__).resolve().parents[3] / "oe_core" / "paper" / "tables.csv"
ROWS = list(CATALOG.values())
FILES = [pytest.param(row, file, id=f"{row.key}/{file.name}") for row in ROWS for file in row.files]


def test_holds_every_image_data_set_of_the_paper():
    photographs = {"svhn", "cifar10", "cifar100", "tiny-imagenet", "places365", "places69", "lsun"}
    anomalies = {"icons", "textures", "chars74k", "imagenet-1k", "imagenet-800"}
    outliers = {"imagenet-22k", "tiny-images-80m"}
    grey = {"mnist", "fashion-mnist", "notmnist", "omniglot"}
    images = [row for row in ROWS if row.kind == "images" and row.access != "embedded"]
    assert {row.key for row in images if row.in_paper} == photographs | anomalies | outliers | grey
    parts = {"svhn-10k", "tiny-imagenet-32", "tiny-imagenet-32-no-cifar10", "places-mini", "lsun-categories"}
    assert {row.key for row in images if not row.in_paper} == {"lsun-val", "tiny-images-300k"} | parts
    assert {row.key for row in ROWS if row.part_of} == parts


def test_holds_every_text_data_set_of_the_paper():
    in_dists, outliers = {"20newsgroups", "trec", "sst", "ptb"}, {"wikitext-2", "gutenberg"}
    web = {f"ewt-{genre}" for genre in ("answers", "email", "newsgroup", "reviews", "weblog")}
    texts = [row for row in ROWS if row.kind == "text" and row.access != "embedded"]
    out_dists = web | {"snli", "imdb", "multi30k", "wmt16", "yelp"}
    assert {row.key for row in texts if row.in_paper} == in_dists | outliers | out_dists
    assert {row.key for row in texts if not row.in_paper} == {"20news-bydate", "wikitext-103"}


@pytest.mark.parametrize("row", ROWS, ids=CATALOG)
def test_a_row_uses_known_words_and_says_terms_and_way_by_hand(row):
    assert row.access in ("open", "account", "by-hand", "withdrawn", "embedded") and row.kind in ("images", "text")
    assert set(row.splits) <= {"train", "test"} | ({"dev", "valid"} if row.kind == "text" else set()) and row.splits
    assert row.terms and row.by_hand and row.citation and row.title
    assert len({file.name for file in row.files}) == len(row.files)


@pytest.mark.parametrize("row, file", FILES)
def test_sizes_hashes_and_addresses_are_well_formed(row, file):
    assert file.bytes is None or file.bytes > 0
    assert re.fullmatch("|[0-9a-f]{32}|[0-9a-f]{64}", file.digest)
    for address in file.addresses:
        parts = urlsplit(address)
        assert parts.scheme in ("http", "https") and parts.netloc
        # figshare numbers its files
        assert parts.path.endswith(f"/{file.name}") or parts.netloc == "ndownloader.figshare.com"


def test_no_hash_is_given_to_two_files():
    # The genres of the Web Treebank lie together in the same files.
    files = {file for row in ROWS for file in row.files}
    hashes = [file.digest for file in files if file.digest]
    assert len(set(hashes)) == len(hashes)


def test_every_tar_that_is_opened_was_held_against_its_published_hash():
    """What `readers.archives` relies on: a cut or hostile one is refused before any of it is read."""
    opened = [row.file(name) for row in CATALOG.values() for source in row.sources.values() for name in source.files]
    tars = [file for file in opened if re.search(r"\.(tar|tgz|tar\.gz|tar\.xz)$", file.name)]
    assert len(tars) > 5 and all(file.hash for file in tars)


def test_the_length_of_a_digest_says_which_hash_it_is():
    assert dataset("svhn").file("test_32x32.mat").hash == ("sha256", dataset("svhn").files[1].digest)
    assert dataset("chars74k").files[0].hash == ("md5", "85d157e0c58f998e1cda8def62bcda0d")
    assert dataset("lsun").files[0].hash is None


def test_the_withdrawn_set_and_its_selection_have_no_address_and_are_never_fetchable():
    assert [row.key for row in ROWS if row.access == "withdrawn"] == ["tiny-images-80m"]
    for key in ("tiny-images-80m", "tiny-images-300k"):
        row = dataset(key)
        assert not any(file.addresses or row.fetchable(file) for file in row.files)
        assert "://" not in repr(row)


def test_open_sets_are_fetchable_and_nothing_without_a_hash_is():
    def fetchable(key):
        return {file.name for file in dataset(key).files if dataset(key).fetchable(file)}

    assert fetchable("cifar10") == {"cifar-10-binary.tar.gz"}
    assert fetchable("lsun") == set()
    assert "resnet18_places365.pth.tar" not in fetchable("places365") and len(fetchable("places365")) == 3
    assert fetchable("ewt-email") == {"en_ewt-ud-dev.conllu", "en_ewt-ud-test.conllu"} and not fetchable("gutenberg")
    assert fetchable("imagenet-1k") == set() and fetchable("imagenet-800") == {"800_wnids.txt"}


@pytest.mark.parametrize("row", ROWS, ids=CATALOG)
def test_a_source_is_of_a_split_and_of_files_of_its_row(row):
    assert set(row.sources) <= set(row.splits)
    assert {name for source in row.sources.values() for name in source.files} <= {file.name for file in row.files}


def test_every_split_of_an_open_set_and_of_every_text_set_has_a_reader_and_of_an_embedded_one_a_maker():
    read = [row for row in ROWS if row.access == "open" or (row.kind == "text" and row.access != "embedded")]
    assert {row.key: set(row.sources) for row in read} == {row.key: set(row.splits) for row in read}
    assert {row.key for row in ROWS if row.make} == {row.key for row in ROWS if row.access == "embedded"}


def test_an_embedded_set_has_no_files_and_replaces_one_of_the_papers():
    embedded = [row for row in ROWS if row.access == "embedded"]
    assert len(embedded) == 14 and not any(row.files or row.sources or row.in_paper for row in embedded)
    assert [printed_name(row.key) for row in embedded] == [row.key for row in embedded]


def test_the_splits_of_one_archive_are_told_apart(tmp_path):
    members = {f"trees/{split}.txt": f"(4 (2 {split}))\n".encode() for split in ("train", "dev", "test")}
    path = write_zip(tmp_path / "trainDevTestTrees_PTB.zip", members)
    read = {split: source.read(path, name="sst").texts for split, source in dataset("sst").sources.items()}
    assert read == {"train": ("train",), "dev": ("dev",), "test": ("test",)}


def test_a_genre_of_the_web_treebank_is_read_from_both_files(tmp_path):
    source, paths = dataset("ewt-email").sources["test"], []
    for name in source.files:
        paths.append(tmp_path / name)
        paths[-1].write_text(f"# sent_id = email-1\n1\t{name}{8 * chr(9)}_\n\n")
    assert source.read(*paths, name="ewt-email").texts == ("en_ewt-ud-dev.conllu", "en_ewt-ud-test.conllu")


@pytest.mark.parametrize("row", ROWS, ids=CATALOG)
def test_what_a_scale_needs_of_a_set_are_splits_and_files_of_it(row):
    known = {file.name for file in row.files} | set(row.splits)
    assert all(set(row.needed(scale) or ()) <= known for scale in SCALES)
    assert row.needed("smoke") is row.needed("demo") is None
    assert (row.needed("paper") is not None) == row.in_paper


@pytest.mark.parametrize("row", [row for row in ROWS if row.part_of], ids=lambda row: row.key)
def test_a_part_has_a_name_of_its_own_and_the_terms_of_the_set_that_it_is_a_part_of(row):
    whole = dataset(row.part_of)
    assert (row.printed_name, row.terms, row.citation) == (row.key, whole.terms, whole.citation)
    assert whole.in_paper and not whole.part_of and set(row.splits) <= set(whole.splits)


def test_the_source_of_a_part_is_the_whole_and_of_anything_else_itself():
    assert [source_of(key) for key in ("svhn-10k", "lsun-categories", "places-mini")] == ["svhn", *2 * ["places365"]]
    assert [source_of(key) for key in ("svhn", "my-photos", "gaussian")] == ["svhn", "my-photos", "gaussian"]


def test_an_unknown_key_lists_the_known_ones():
    with pytest.raises(ValueError, match=r"'svnh' is not in the catalog; known are svhn, cifar10, .*omniglot"):
        dataset("svnh")


def test_an_unknown_file_lists_the_files_of_the_row():
    with pytest.raises(ValueError, match=r"cifar10 has no file 'data.bin'; it has cifar-10-binary.tar.gz"):
        dataset("cifar10").file("data.bin")


def test_printed_names_are_the_papers_and_other_names_are_themselves():
    names = ("cifar10", "textures", "icons", "chars74k", "imagenet-800", "tiny-imagenet", "my-photos")
    printed = ["CIFAR-10", "Textures", "Icons-50", "Chars74K", "ImageNet", "Tiny ImageNet", "my-photos"]
    assert [printed_name(name) for name in names] == printed


def test_printed_names_of_text_sets_are_those_of_the_papers_tables():
    with open(PAPER_TABLES, newline="") as file:
        printed = {row[column] for row in csv.DictReader(file) for column in ("in_dist", "out_dist")}
    outliers = ("wikitext-2", "gutenberg")
    texts = [row for row in ROWS if row.kind == "text" and row.in_paper and row.key not in outliers]
    assert [row.printed_name for row in texts if row.printed_name not in printed] == []
    assert printed_name("ewt-answers") == "EWT-A" and printed_name("ptb") == "PTB Word"


def test_the_wikitext_mirror_is_asked_as_a_browser():
    assert [row.key for row in ROWS if row.browser_agent] == ["wikitext-2", "wikitext-103"]


def test_svhn_counts_are_the_papers():
    assert dict(dataset("svhn").splits) == {"train": 604388, "test": 26032}
