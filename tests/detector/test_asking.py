"""In which forms a trained detector may be asked, and that a stream is answered as it comes."""

import gzip
import io
import os
import threading
import tracemalloc
from itertools import islice

import numpy as np
import pandas as pd
import pytest
from own_data import of_digit, save
from PIL import Image

from oe_core.data.readers.pixels import FormatError
from oe_core.detector import asking
from oe_core.detector.asking import arrivals, image_chunks, text_chunks

TEXTS = ["the wind blows", "flour, and sugar", "rain"]
LONG = 400  # bytes of a line; more come through a pipe before one is full than are read at once


def _write(pipe: int, content: bytes) -> None:
    with open(pipe, "wb") as source:
        source.write(content)


def _asked(chunks) -> list[tuple[str, str]]:
    return [pair for places, chunk in chunks for pair in zip(places, chunk.texts, strict=True)]


@pytest.mark.parametrize("block", [1, 2, 3, 100])
def test_a_line_ends_as_it_does_in_a_file_to_learn_from_wherever_a_block_does(monkeypatch, block):
    monkeypatch.setattr(asking, "BLOCK", block)
    found = [line for lines in arrivals(io.BytesIO(b"a b\rc\r\n\n \xe2\x80\xa8d\n\r\ne")) for line in lines]
    assert found == [(1, b"a b"), (2, b"c"), (4, b" \xe2\x80\xa8d"), (6, b"e")]


@pytest.mark.parametrize("end", [b"\n", b"\r", b"\r\n"])
@pytest.mark.parametrize("length", [9, 15, 16, 17, 40])
def test_a_line_too_long_is_refused_once_and_the_next_keep_their_numbers(monkeypatch, end, length):
    monkeypatch.setattr(asking, "LONGEST_LINE", 16)
    monkeypatch.setattr(asking, "BLOCK", 4)
    refused = []
    found = _asked(text_chunks(io.BytesIO(b"one" + end + b"x" * length + end + b"three"), refused.append))
    whole = [("-:2", "x" * length)] if length < 16 else []
    assert found == [("-:1", "one"), *whole, ("-:3", "three")]
    assert ["- line 2 is no text" in str(one) for one in refused] == [True] * (length >= 16)


def test_what_has_come_is_answered_before_more_comes():
    reading, writing = os.pipe()
    with open(reading, "rb") as stream, open(writing, "wb", buffering=0) as source:
        answers = text_chunks(stream)
        for number, text in enumerate(TEXTS, 1):
            source.write(f"{text}\n".encode())
            assert _asked([next(answers)]) == [(f"-:{number}", text)]
        source.write(b"without an end")
        source.close()
        assert _asked(answers) == [("-:4", "without an end")]


def test_paths_are_answered_as_they_come_too(tmp_path):
    paths = save(of_digit(0)[:3], tmp_path)
    reading, writing = os.pipe()
    with open(reading, "rb") as stream, open(writing, "wb", buffering=0) as source:
        answers = image_chunks(stream, 16)
        for path in paths:
            source.write(os.fsencode(path) + b"\n")
            places, chunk = next(answers)
            assert places == [str(path)] and len(chunk) == 1


def test_a_stream_that_does_not_wait_is_answered_in_full_chunks():
    reading, writing = os.pipe()
    lines = [f"{number:0{LONG}d}" for number in range(3 * asking.CHUNK)]
    with open(reading, "rb") as stream:
        thread = threading.Thread(target=_write, args=(writing, "\n".join(lines).encode()))
        thread.start()
        found = list(text_chunks(stream))
        thread.join()
    assert [text for _, chunk in found for text in chunk.texts] == lines
    assert max(len(chunk) for _, chunk in found) <= asking.CHUNK and len(found) < len(lines) / 100


def test_a_file_that_is_open_as_text_is_refused_in_words(tmp_path):
    (tmp_path / "texts.txt").write_text("a\n")
    for chunks in (text_chunks, lambda stream: image_chunks(stream, 16)):
        with pytest.raises(ValueError, match=r"examples is StringIO, open as text; open it in binary, as open\(path"):
            list(chunks(io.StringIO("a\n")))
    with open(tmp_path / "texts.txt") as stream, pytest.raises(ValueError, match="is TextIOWrapper, open as text"):
        list(text_chunks(stream))


def test_a_table_of_texts_is_asked_about_by_its_column_and_a_file_of_one_by_its_lines(tmp_path):
    rows = list(zip("012", TEXTS, strict=True))
    assert _asked(text_chunks({"label": [1, 1, 2], "text": TEXTS})) == rows
    assert _asked(text_chunks(pd.DataFrame({"text": TEXTS, "label": 1}))) == rows
    path = tmp_path / "texts.CSV"
    pd.DataFrame({"number": 1, "text": TEXTS}).to_csv(path, index=False)
    assert _asked(text_chunks(path)) == [(f"{path}:{line}", text) for line, text in enumerate(TEXTS, 2)]
    with pytest.raises(ValueError, match=r"examples has the columns \['path'\]; expected one of them to be text"):
        list(text_chunks({"path": TEXTS}))


def test_a_table_of_paths_a_file_of_one_and_an_npz_are_asked_about_as_the_pictures_are(tmp_path):
    images = of_digit(0)[:3]
    paths = save(images, tmp_path / "pictures")
    pd.DataFrame({"path": [f"pictures/{path.name}" for path in paths]}).to_csv(tmp_path / "table.csv", index=False)
    np.savez(tmp_path / "arrays.npz", images=images, labels=np.zeros(3, int))
    for source in ({"path": paths}, pd.DataFrame({"path": paths}), tmp_path / "table.csv", tmp_path / "arrays.npz"):
        ((_, chunk),) = image_chunks(source, 16)
        assert chunk.images.permute(0, 2, 3, 1).numpy().tolist() == images.tolist()
    with pytest.raises(ValueError, match=r"table.csv has the columns \['text'\]; expected one of them to be path"):
        (tmp_path / "table.csv").write_text("text\na\n")
        list(image_chunks(tmp_path / "table.csv", 16))


def test_a_row_in_which_nothing_stands_is_refused_and_the_others_are_asked_about(tmp_path):
    refused = []
    (tmp_path / "texts.csv").write_text("text,n\none,1\n,2\nthree,3\n")
    found = _asked(text_chunks(tmp_path / "texts.csv", refused.append))
    assert found == [(f"{tmp_path}/texts.csv:2", "one"), (f"{tmp_path}/texts.csv:4", "three")]
    assert _asked(text_chunks({"text": ["one", None, "three"]}, refused.append)) == [("0", "one"), ("2", "three")]
    paths = save(of_digit(0)[:2], tmp_path / "pictures")
    ((places, _),) = image_chunks({"path": [paths[0], "", paths[1]]}, 16, refused.append)
    assert len(places) == 2 and ["row 2 is missing" in str(error) for error in refused] == [False, True, True]
    with pytest.raises(ValueError, match="texts.csv line 3: the text is missing"):
        _asked(text_chunks(tmp_path / "texts.csv"))


def test_an_array_that_could_be_read_in_two_ways_is_refused():
    image = of_digit(0)[0]
    for one in (image, image[None], image[None].repeat(3, 0)[..., :1]):
        assert len(list(image_chunks(one, 16))) == 1
    with pytest.raises(ValueError, match=r"shape \(3, 16, 16\) may be three grey pictures, or one with its channels"):
        list(image_chunks(image.transpose(2, 0, 1), 16))
    with pytest.raises(FormatError, match=r"images is uint8 \(1, 16, 16, 2\)"):
        list(image_chunks(image[..., :2], 16))


def test_a_picture_in_memory_that_cannot_be_read_is_refused_and_the_others_keep_their_numbers():
    whole, refused = of_digit(0)[0], []
    given = [whole, "no picture", whole[..., :2], whole]
    ((places, chunk),) = image_chunks(given, 16, refused.append)
    assert places == ["0", "3"] and len(chunk) == 2
    assert [str(error).partition(":")[0].split()[0] for error in refused] == ["examples[1]", "examples[2]"]
    assert list(image_chunks(given[2:3] * 2, 16, refused.append)) == []
    with pytest.raises(FormatError, match=r"examples\[1\] is str"):
        list(image_chunks(given, 16))


def test_a_file_of_texts_is_one_in_capitals_too(tmp_path):
    (tmp_path / "TEXTS.TSV").write_text("weather\train\n")
    assert _asked(text_chunks(tmp_path)) == [(f"{tmp_path / 'TEXTS.TSV'}:1", "rain")]


def test_a_file_that_is_not_read_as_texts_is_refused_and_so_is_a_heading(tmp_path):
    (tmp_path / "log.jsonl").write_text('{"text": "a"}\n')
    with pytest.raises(ValueError, match=r"log\.jsonl: is not read; expected a file ending in \.tsv, .*, or lines"):
        _asked(text_chunks(tmp_path / "log.jsonl"))
    (tmp_path / "notes.tsv").write_text("label\ttext\na\tone\n")
    refused = []
    assert _asked(text_chunks(tmp_path / "notes.tsv", refused.append)) == [(f"{tmp_path}/notes.tsv:2", "one")]
    assert "notes.tsv:1: looks like a heading" in str(refused[0])


def test_a_text_that_is_the_name_of_a_file_has_to_be_meant(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "notes.txt").write_text("one\n")
    with pytest.raises(ValueError, match=r"give Path\('notes.txt'\), for the text \['notes.txt'\]"):
        _asked(text_chunks("notes.txt"))
    assert _asked(text_chunks(["notes.txt"])) == [("0", "notes.txt")]
    assert _asked(text_chunks(tmp_path / "notes.txt"))[0][1] == "one"


def test_a_path_below_the_home_of_nobody_is_refused_by_itself(tmp_path):
    (path,) = save(of_digit(0)[:1], tmp_path)
    refused = []
    chunks = list(image_chunks(["~no-such-user/1.png", str(path)], 16, refused.append))
    assert [place for places, _ in chunks for place in places] == [str(path)]
    assert [str(one) for one in refused] == ["~no-such-user/1.png: there is nothing there; expected a picture"]


def test_pictures_in_memory_are_asked_about_each_in_its_own_size(monkeypatch):
    monkeypatch.setattr(asking, "chunks", lambda items: iter(lambda: list(islice(items, 2)), []))
    small, large = (np.full((side, side, 3), value, np.uint8) for side, value in ((8, 10), (16, 200)))
    drawn = Image.fromarray(large[..., 0]).convert("P")
    found = list(image_chunks([small, large[..., 0], drawn], 8))
    assert [place for places, _ in found for place in places] == ["0", "1", "2"]
    assert [images.images.flatten(1).unique(dim=1).tolist() for _, images in found] == [[[10], [200]], [[200]]]
    with pytest.raises(
        ValueError, match=r"examples\[2\] is NoneType; expected a path, an array \(height, width, 3\) or"
    ):
        list(image_chunks([small, small, None], 8))
    with pytest.raises(ValueError, match=r"examples\[2\]: images is uint8 \(1, 8, 8, 2\); expected `images` uint8"):
        list(image_chunks(iter([small, small, small[..., :2]]), 8))


def test_a_table_is_read_row_by_row_and_what_is_wrong_in_it_costs_that_row(tmp_path):
    path, refused = tmp_path / "texts.csv", []
    path.write_bytes(b'text,n\none,1\ntwo\n"three\nlines",3\n\nfour,4\ncaf\xe9,5\nsix,6\n')
    found = _asked(text_chunks(path, refused.append))
    assert found == [(f"{path}:2", "one"), (f"{path}:5", "three\nlines"), (f"{path}:7", "four")]
    assert [str(error).removeprefix(str(path))[:30] for error in refused] == [
        ": line 3 has 1 fields, the hea", " line 8 holds the byte 0xE9, w",
    ]  # fmt: skip
    with pytest.raises(FormatError, match="line 3 has 1 fields, the heading 2"):
        _asked(text_chunks(path))
    whole = gzip.compress(b"text\n" + b"".join(b"text %d\n" % number for number in range(5_000)))
    (tmp_path / "torn.csv.gz").write_bytes(whole[: len(whole) // 2])
    refused.clear()
    assert len(_asked(text_chunks(tmp_path / "torn.csv.gz", refused.append))) > 1_000
    assert ["torn.csv.gz: truncated or damaged" in str(error) for error in refused] == [True]


def test_memory_does_not_grow_with_a_table(tmp_path):
    def peak(rows):
        with open(tmp_path / f"{rows}.csv", "w") as table:
            table.write("text\n")
            table.writelines(f"text number {number} of a table that is long\n" for number in range(rows))
        tracemalloc.start()
        assert sum(len(chunk) for _, chunk in text_chunks(tmp_path / f"{rows}.csv")) == rows
        highest = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return highest

    assert peak(20_000) < 1.5 * peak(5_000)


def test_a_folder_of_texts_is_asked_about_with_its_tables_and_what_is_left_out_is_said(tmp_path, caplog):
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep/a.csv").write_text("text\none\n")
    (tmp_path / "b.txt").write_text("two\n")
    (tmp_path / "c.jsonl").write_text('{"text": "three"}\n')
    assert [text for _, text in _asked(text_chunks(tmp_path))] == ["two", "one"]
    assert caplog.messages == [f"{tmp_path}: left out 1 file, not read as texts; the first is c.jsonl"]


def test_a_folder_with_an_npz_is_asked_about_as_the_file_is(tmp_path):
    np.savez(tmp_path / "images.npz", images=of_digit(0)[:3])
    ((_, chunk),) = image_chunks(tmp_path, 16)
    assert chunk.images.permute(0, 2, 3, 1).numpy().tolist() == of_digit(0)[:3].tolist()


def test_names_of_files_are_no_texts_to_ask_about(tmp_path):
    paths = [tmp_path / f"{number}.txt" for number in range(2)]
    for path in paths:
        path.write_text("one\n")
    for names in (list(map(str, paths)), io.BytesIO("\n".join(map(str, paths)).encode())):
        with pytest.raises(ValueError, match=r" is '.*/1\.txt', the name of a file, as all before it are; give a"):
            _asked(text_chunks(names))
