import pytest

from oe_core.data.texts import load_raw, load_texts


def test_wikitext_is_raw_with_its_headings_and_capitals_and_close_in_sentences(tmp_path, monkeypatch):
    monkeypatch.setenv("OE_DATA", str(tmp_path))
    (tmp_path / "wikitext-2").mkdir()
    lines = [" = Old Towns = ", " The town lies on a river . It has two bridges . "]
    (tmp_path / "wikitext-2" / "train.txt").write_text("\n".join(lines))
    raw = load_raw("wikitext-2", "train")
    assert (raw.name, raw.texts, raw.keeps_case) == ("wikitext-2, raw", tuple(lines), True)
    close = load_texts("wikitext-2", "train")
    assert close.texts == ("The town lies on a river .", "It has two bridges .") and not close.keeps_case


def test_embedded_outliers_are_raw_as_blocks_with_capitals_and_markup():
    raw, close = load_raw("docstrings-stdlib", "train"), load_texts("docstrings-stdlib", "train")
    assert len(raw) == len(close) == 6000 and (raw.name, raw.origin) == ("docstrings-stdlib, raw", "embedded")
    with_capitals = [sum(text != text.lower() for text in texts.texts) / 6000 for texts in (raw, close)]
    assert with_capitals[0] > 0.8 and with_capitals[1] == 0


def test_a_set_without_a_raw_form_is_refused():
    with pytest.raises(ValueError, match="name='python-code' has only its prepared form.* choose docstrings-stdlib"):
        load_raw("python-code", "test")
