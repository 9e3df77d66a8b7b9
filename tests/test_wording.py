from oe_core.wording import several, size_text


def test_one_is_said_in_the_singular_and_any_other_count_in_the_plural():
    assert [several("seed", count) for count in (0, 1, 2, "1", "2 to 3")] == [
        "0 seeds", "1 seed", "2 seeds", "1 seed", "2 to 3 seeds",
    ]  # fmt: skip


def test_sizes_are_written_as_people_read_them():
    written = [size_text(size) for size in (None, 512, 28881, 170052171, 26103685120)]
    assert written == ["size not published", "512 bytes", "28.9 kB", "170.1 MB", "26.1 GB"]
