import pytest

from oe_core.data.readers.conll import read_conll, read_conllu
from oe_core.data.readers.pixels import FormatError


def word(number, form):
    return "\t".join([str(number), form, *"_" * 8])


def sentence(genre, *words):
    rows = [word(number, form) for number, form in enumerate(words, 1)]
    return "\n".join([f"# sent_id = {genre}-blog.com_x-0001", f"# text = {' '.join(words)}", *rows, "", ""])


def conllu(tmp_path, *parts, name="en_ewt-ud-dev.conllu"):
    path = tmp_path / name
    path.write_text("".join(parts))
    return path


def test_a_genre_is_taken_from_all_files_in_their_order(tmp_path):
    dev = conllu(tmp_path, "# newdoc id = x\n", sentence("weblog", "From", "the", "AP"), sentence("email", "Hi"))
    test = conllu(tmp_path, sentence("weblog", "Stay", "!"), name="en_ewt-ud-test.conllu")
    weblog = read_conllu([dev, test], "weblog", "ewt-weblog")
    assert weblog.texts == ("From the AP", "Stay !")
    assert (weblog.name, weblog.classes, weblog.origin) == ("ewt-weblog", ("unlabelled",), "catalog")


def test_ranges_and_empty_nodes_are_skipped_and_their_words_kept(tmp_path):
    numbered = {"1": "They", "2-3": "didn't", "2": "did", "3": "n't", "3.1": "go", "4": "#"}
    rows = [word(number, form) for number, form in numbered.items()]
    path = conllu(tmp_path, "# sent_id = reviews-1-0001\n", "\n".join(rows), "\n\n")
    assert read_conllu([path], "reviews", "ewt-reviews").texts == ("They did n't #",)


@pytest.mark.parametrize(
    "damage, found",
    [
        ("# sent_id = fiction-1-0001\n", "line 5 is '# sent_id = fiction-1-0001'; expected a genre of answers, email"),
        (word(1, "No") + "\n\n", "line 6 ends a sentence without sent_id"),
        ("# sent_id = email-1-1\n1\tshort\n\n", r"line 6 is '1\\tshort' with 2 columns; expected at least 10"),
        ("# sent_id = email-1-1\n" + word(1, "") + "\n\n", "line 6 is .*with the word in the second"),
        ("# sent_id = email-1-1\n" + word(1, "Cut") + "\n", "line 6: ends within a sentence"),
    ],
)
def test_damage_is_named_by_file_and_line(tmp_path, damage, found):
    path = conllu(tmp_path, sentence("email", "Hi"), damage)
    with pytest.raises(FormatError, match=rf"dev\.conllu {found}"):
        read_conllu([path], "email", "ewt-email")


def test_a_genre_that_does_not_occur_and_one_that_does_not_exist_are_refused(tmp_path):
    path = conllu(tmp_path, sentence("email", "Hi"))
    with pytest.raises(FormatError, match=r"dev\.conllu: holds no text; expected sentences whose sent_id begins with"):
        read_conllu([path], "weblog", "ewt-weblog")
    with pytest.raises(ValueError, match="genre='blog' is unknown; choose one of answers, email, newsgroup"):
        read_conllu([path], "blog", "ewt-blog")


def test_plain_conll_has_the_word_in_column_two_and_blank_lines_between_sentences(tmp_path):
    path = tmp_path / "weblog_penntrees.dev.conll"
    path.write_text("1\tFrom\t_\tIN\n2\tAP\t_\tNNP\n\n\n1\tStay\t_\tVB\n")
    assert read_conll(path, "ewt-weblog").texts == ("From AP", "Stay")


@pytest.mark.parametrize("line", ["word", "1 word", "1\t"])
def test_a_line_without_second_column_is_named(tmp_path, line):
    path = tmp_path / "weblog_penntrees.dev.conll"
    path.write_text(f"1\tFrom\n{line}\n")
    with pytest.raises(FormatError, match=r"dev\.conll line 2 is .*; expected at least 2, parted by tabs"):
        read_conll(path, "ewt-weblog")


def test_an_empty_conll_file_is_named(tmp_path):
    path = tmp_path / "weblog_penntrees.dev.conll"
    path.write_text("\n")
    with pytest.raises(FormatError, match=r"dev\.conll: holds no text; expected a word a line, in column 2"):
        read_conll(path, "ewt-weblog")
