import pytest
from genuine_files import shorten, write_zip

from oe_core.data.readers.books import read_books
from oe_core.data.readers.pixels import FormatError

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
