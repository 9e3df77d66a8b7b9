import pytest
from genuine_files import shorten, write_zip

from oe_core.data.readers.corpora import read_books, read_conllu, read_wikitext
from oe_core.data.readers.pixels import FormatError

PAGE = b" \n = Homarus gammarus = \n \n The <unk> lobster is state @-@ owned . \n"


def wikitext(tmp_path, content=PAGE, split="valid"):
    return write_zip(tmp_path / "wikitext-2-v1.zip", {f"wikitext-2/wiki.{split}.tokens": content})


def test_paragraphs_and_headings_keep_their_spaces_and_blank_lines_are_dropped(tmp_path):
    valid = read_wikitext(wikitext(tmp_path), "valid")
    assert valid.texts == (" = Homarus gammarus = ", " The <unk> lobster is state @-@ owned . ")
    assert (valid.name, valid.classes, valid.origin) == ("wikitext-2", ("unlabelled",), "catalog")


def test_a_missing_split_an_empty_one_and_a_truncated_zip_are_named(tmp_path):
    with pytest.raises(FormatError, match=r"wikitext-2-v1\.zip: has no member wiki\.test\.tokens"):
        read_wikitext(wikitext(tmp_path), "test")
    with pytest.raises(FormatError, match=r"wiki\.valid\.tokens: holds no text; expected one paragraph a line"):
        read_wikitext(wikitext(tmp_path, b" \n"), "valid")
    with pytest.raises(FormatError, match=r"wikitext-2-v1\.zip: truncated or damaged"):
        read_wikitext(shorten(wikitext(tmp_path), 0.7), "valid")


def test_a_wrong_byte_is_named_by_member_and_line(tmp_path):
    with pytest.raises(FormatError, match=r"v1\.zip: wiki\.valid\.tokens line 2 holds the byte 0xFF"):
        read_wikitext(wikitext(tmp_path, b" a \n \xff \n"), "valid")


EMMA = "[Emma by Jane Austen]\n\nVOLUME I\n\n\nEmma Woodhouse, handsome,\nclever, and rich.\n"


def zipped(tmp_path, members):
    return write_zip(tmp_path / "gutenberg.zip", members)


def test_paragraphs_are_one_line_each_and_books_in_sorted_order(tmp_path):
    members = {"gutenberg/emma.txt": EMMA.encode(), "gutenberg/README": b"no book", "gutenberg/alice.txt": b"Alice\r\n"}
    books = read_books(zipped(tmp_path, members))
    assert books.texts == ("Alice", "[Emma by Jane Austen]", "VOLUME I", "Emma Woodhouse, handsome, clever, and rich.")
    assert (books.name, books.classes) == ("gutenberg", ("unlabelled",))


@pytest.mark.parametrize("start", ["*** START OF THIS PROJECT GUTENBERG EBOOK EMMA ***", "***START OF THE ... EMMA***"])
@pytest.mark.parametrize("end", ["*** END OF THIS PROJECT", "End of the Project Gutenberg EBook", "***END OF THE "])
def test_the_licence_before_and_after_a_book_is_left_out(tmp_path, start, end):
    book = f"The licence\n\n{start}\n\n*** a star of a chapter\n\nThe end of it.\n\n{end} ...\n\nLicence again\n"
    assert read_books(zipped(tmp_path, {"a.txt": book.encode()})).texts == ("*** a star of a chapter", "The end of it.")


def test_old_books_are_latin_1(tmp_path):
    members = {"a.txt": "café".encode("latin-1"), "b.txt": "café".encode("utf-8-sig")}
    assert read_books(zipped(tmp_path, members)).texts == ("café", "café")


def test_an_empty_book_a_file_that_is_no_text_and_a_zip_without_books_are_named(tmp_path):
    with pytest.raises(FormatError, match=r"gutenberg\.zip: a\.txt holds no paragraph; expected the text of a book"):
        read_books(zipped(tmp_path, {"a.txt": b"\n\n"}))
    with pytest.raises(FormatError, match=r"gutenberg\.zip: a\.txt holds the byte 0x00, which is no text"):
        read_books(zipped(tmp_path, {"a.txt": b"PK\0\0"}))
    with pytest.raises(FormatError, match=r"gutenberg\.zip: holds no text; expected books as \.txt files in it"):
        read_books(zipped(tmp_path, {"README": b"no book", "._a.txt": b"hidden"}))
    with pytest.raises(FormatError, match=r"gutenberg\.zip: truncated or damaged"):
        read_books(shorten(zipped(tmp_path, {"a.txt": EMMA.encode()}), 0.7))


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
    weblog = read_conllu(dev, test, genre="weblog", name="ewt-weblog")
    assert weblog.texts == ("From the AP", "Stay !")
    assert (weblog.name, weblog.classes, weblog.origin) == ("ewt-weblog", ("unlabelled",), "catalog")


def test_ranges_and_empty_nodes_are_skipped_and_their_words_kept(tmp_path):
    numbered = {"1": "They", "2-3": "didn't", "2": "did", "3": "n't", "3.1": "go", "4": "#"}
    rows = [word(number, form) for number, form in numbered.items()]
    path = conllu(tmp_path, "# sent_id = reviews-1-0001\n", "\n".join(rows), "\n\n")
    assert read_conllu(path, genre="reviews", name="ewt-reviews").texts == ("They did n't #",)


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
        read_conllu(path, genre="email", name="ewt-email")


def test_a_genre_that_does_not_occur_is_refused(tmp_path):
    path = conllu(tmp_path, sentence("email", "Hi"))
    with pytest.raises(FormatError, match=r"dev\.conllu: holds no text; expected sentences whose sent_id begins with"):
        read_conllu(path, genre="weblog", name="ewt-weblog")
