import json
import re
import sys
from functools import cache
from itertools import combinations

import pytest

from oe_core.data.catalog import CATALOG
from oe_core.data.catalog.embedded import EMBEDDED
from oe_core.data.embedded import docstrings as extraction
from oe_core.data.embedded import texts
from oe_core.data.embedded.docstrings import (
    code_lines,
    docstring_blocks,
    docstring_sentences,
    docstrings,
    prose_sentences,
    raw_blocks,
    statements,
)

EMBEDDED_TEXT = {row.key: row.make for row in EMBEDDED if row.kind == "text"}
EVERY = [(row.key, split) for row in EMBEDDED if row.kind == "text" for split in row.splits]
PROSE = [(name, split) for name, split in EVERY if name != "python-code"]

DOCSTRING = """\
Fit the :class:`~numpy.polynomial.Polynomial` of degree ``n_terms``.

The fit is done by least squares, e.g. with `np.linalg.lstsq`, and is
never exact. Is NumPy's result unique? It need not be!

See https://numpy.org for more of this. The norm x = y + z is a formula.
Too short.

.. versionadded:: 1.9
   This was added some time ago.

Parameters
----------
x : array_like
    These are the points of the fit.

This paragraph still belongs to the list above.

Notes
-----
The memory needed grows with the *square* of ``deg()`` [1]_. The time needed grows too.

- An item of a list is not a sentence.

Args:
    y: This is described in a list.

>>> print("This is no sentence of prose.")
This is what it prints.

=====  =====
Table  Of two
=====  =====
"""
SENTENCES = [
    "fit the polynomial of degree n terms .",
    "the fit is done by least squares , for example with lstsq , and is never exact .",
    "is result unique ?",
    "it need not be !",
    "the time needed grows too .",
]


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A package "herbarium" of hand-made files, importing which would fail."""
    folder = tmp_path / "herbarium"
    for path, source in {
        "__init__.py": 'raise SystemExit("imported")\n',
        "leaves.py": '"""All leaves are pressed and dried."""\ndef f():\n    "One line has no quotes of three."\n',
        "roots.py": 'class Root:\n    """\n    Roots are kept in a dark room.\n\n      No one is indented.\n    """\n',
        "old.py": '"""Files of another Python are not read."""\nprint "old"\n',
        "tests/test_roots.py": '"""Tests have no say in the prose."""\n',
    }.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(source)
    monkeypatch.syspath_prepend(tmp_path)
    return "herbarium"


def test_prose_of_a_docstring_is_kept_and_all_else_left_out():
    assert prose_sentences(DOCSTRING) == SENTENCES


def test_docstrings_come_in_the_order_of_the_file_without_their_indentation():
    source = (
        b'"""One."""\nclass A:\n    """Two\n\n    more."""\n    async def b():\n      "Three"\ndef c():\n    "Four"\n'
    )
    assert list(docstrings(source)) == ["One.", "Two\n\nmore.", "Three", "Four"]


def test_a_package_is_read_without_importing_it_and_without_its_tests(package):
    sentences = {"all leaves are pressed and dried", "one line has no quotes of three", "roots are kept in a dark room"}
    assert {sentence.removesuffix(" .") for sentence in docstring_sentences(package, 10)} == sentences
    assert package not in sys.modules


def test_no_more_sentences_than_asked_for_and_no_more_of_a_file_than_allowed(package, monkeypatch):
    assert len(docstring_sentences(package, 2)) == 2
    monkeypatch.setattr(extraction, "MOST_OF_A_FILE", 1)
    assert len(docstring_sentences(package, 10)) == 2


def test_nothing_is_left_out_of_the_blocks_of_a_docstring():
    blocks = raw_blocks(DOCSTRING)
    assert " ".join(blocks).split() == DOCSTRING.split()
    assert blocks[3:5] == [
        ".. versionadded:: 1.9 This was added some time ago.",
        "Parameters ---------- x : array_like These are the points of the fit.",
    ]


def test_blocks_of_a_package_keep_their_case_and_come_from_the_files_that_the_sentences_come_from(package):
    expected = {"All leaves are pressed and dried.", "One line has no quotes of three.",
                "Roots are kept in a dark room.", "No one is indented."}  # fmt: skip
    assert set(docstring_blocks(package, 10)) == expected
    assert len(docstring_blocks(package, 2)) == 2


def test_what_was_cut_once_is_kept_for_the_next_process(package, tmp_path, monkeypatch):
    monkeypatch.setenv("OE_RUNS", str(tmp_path))
    first = texts._kept(docstring_sentences, package, 10)
    (kept,) = (tmp_path / ".texts").iterdir()
    monkeypatch.setattr(extraction, "docstrings", None)  # nothing is read again
    assert texts._kept(docstring_sentences, package, 10) == first == docstring_texts(kept)


def docstring_texts(path):
    return tuple(json.loads(path.read_text())["texts"])


def test_kept_texts_are_cut_anew_after_damage_another_installation_and_another_way_to_cut(
    package, tmp_path, monkeypatch
):
    monkeypatch.setenv("OE_RUNS", str(tmp_path))
    first = texts._kept(docstring_sentences, package, 10)
    (kept,) = (tmp_path / ".texts").iterdir()
    kept.write_text(kept.read_text().replace("leaves", "stones"))
    assert texts._kept(docstring_sentences, package, 10) == first == docstring_texts(kept)
    home = extraction.package_home(package)
    home.write_text(home.read_text() + '\n"""Petals are counted by hand in daylight."""\n')
    texts._kept(docstring_sentences, package, 10)
    monkeypatch.setattr(texts, "_content", lambda module: "another way")
    texts._kept(docstring_sentences, package, 10)
    assert len(list((tmp_path / ".texts").iterdir())) == 3


def test_texts_that_cannot_be_kept_are_there_all_the_same_and_it_is_said(package, tmp_path, monkeypatch):
    (tmp_path / "runs").write_text("a file in the place of the folder")
    monkeypatch.setenv("OE_RUNS", str(tmp_path / "runs"))
    with pytest.warns(UserWarning, match="will be cut again next time"):
        assert texts._kept(docstring_sentences, package, 10) == docstring_sentences(package, 10)


def test_code_is_statements_of_one_line_in_the_same_kind_of_tokens():
    source = b'"""Doc of it."""\nsum_of = np.add(1.5, b)\nx = 1\nf(\n  a, b, c)\nreturn_(a.b["Key"])  # why\n'
    assert list(statements(source)) == ["sum of = . add ( 1.5 , b )", 'return ( a . b [ " key " ] )']
    assert len(code_lines(extraction.STDLIB, 50)) == 50


@pytest.mark.parametrize(
    ("name", "split", "count", "stand_in_for"),
    [
        ("docstrings", "train", 6000, "20 Newsgroups"),
        ("docstrings", "test", 1600, "20 Newsgroups"),
        ("docstrings-stdlib", "train", 6000, "WikiText-2"),
        ("docstrings-networkx", "test", 800, ""),
        ("docstrings-sympy", "test", 800, ""),
        ("docstrings-pandas", "test", 800, ""),
        ("docstrings-matplotlib", "test", 800, ""),
        ("docstrings-ipython", "test", 800, ""),
        ("python-code", "test", 800, ""),
    ],
)
def test_every_set_has_its_size_and_says_what_it_stands_in_for(name, split, count, stand_in_for):
    texts = EMBEDDED_TEXT[name](split)
    assert (texts.name, len(texts), texts.origin, texts.stand_in_for) == (name, count, "embedded", stand_in_for)
    assert CATALOG[name].splits[split] == count
    classes = ("numpy", "scipy", "scikit-learn", "torch") if name == "docstrings" else ("unlabelled",)
    assert texts.classes == classes
    assert texts.labels.bincount().tolist() == [count // len(classes)] * len(classes)


def test_reading_again_gives_the_same_sentences(monkeypatch):
    before = [EMBEDDED_TEXT["docstrings"](split).fingerprint for split in ("train", "test")]
    monkeypatch.setattr(texts, "_read", cache(texts._read.__wrapped__))
    monkeypatch.setattr(texts, "own_sentences", cache(texts.own_sentences.__wrapped__))
    assert [EMBEDDED_TEXT["docstrings"](split).fingerprint for split in ("train", "test")] == before
    assert texts._read.cache_info().misses == 4


def test_no_sentence_is_in_two_sets_or_splits_or_twice_in_one():
    found = {key: EMBEDDED_TEXT[key[0]](key[1]).texts for key in EVERY}
    assert {key: len(texts) - len(set(texts)) for key, texts in found.items()} == dict.fromkeys(found, 0)
    assert [(a, b) for a, b in combinations(found, 2) if set(found[a]) & set(found[b])] == []


def test_a_sentence_of_two_classes_belongs_to_neither_and_one_of_another_set_to_the_first(monkeypatch):
    sentences = {"numpy": ("a", "b"), "scipy": ("b", "c"), "torch": ("d",), "sympy": ("c", "e"), "pandas": ("e", "f")}
    monkeypatch.setattr(texts, "_read", lambda package: sentences.get(package, ()))
    own = {package: texts.own_sentences.__wrapped__(package) for package in sentences}
    assert own == {"numpy": ("a",), "scipy": ("c",), "torch": ("d",), "sympy": ("e",), "pandas": ("f",)}


@pytest.mark.parametrize(("name", "split"), PROSE)
def test_a_sentence_is_4_to_40_tokens_mostly_words_with_an_end_and_no_package_name(name, split):
    for text in EMBEDDED_TEXT[name](split).texts:
        tokens = text.split(" ")
        assert 4 <= len(tokens) <= 40 and text == text.lower() and tokens[-1] in (".", "?", "!"), text
        assert sum(token[-1].isalpha() for token in tokens) >= 0.75 * len(tokens), text
        assert not re.search(r"> > >|: / /|[`={}]|numpy|scipy|scikit|sklearn|torch|pandas|matplotlib|sympy", text), text
        assert not {"np", "plt", "pd", "nx", "ipython", "networkx"} & set(tokens), text


def test_a_package_that_is_not_installed_is_named_and_the_other_sets_remain(monkeypatch):
    spec, read = extraction.find_spec, texts._read
    monkeypatch.setattr(extraction, "find_spec", lambda name: None if name == "pandas" else spec(name))
    monkeypatch.setattr(texts, "_read", lambda name: (read.__wrapped__ if name == "pandas" else read)(name))
    monkeypatch.setattr(texts, "own_sentences", texts.own_sentences.__wrapped__)
    with pytest.raises(ImportError, match="data sets are made of the installed files of pandas; install pandas"):
        EMBEDDED_TEXT["docstrings-pandas"]("test")
    assert len(EMBEDDED_TEXT["docstrings-matplotlib"]("test")) == 800
