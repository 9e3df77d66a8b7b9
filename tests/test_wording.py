from oe_core.wording import several


def test_one_is_said_in_the_singular_and_any_other_count_in_the_plural():
    assert [several("seed", count) for count in (0, 1, 2, "1", "2 to 3")] == [
        "0 seeds", "1 seed", "2 seeds", "1 seed", "2 to 3 seeds",
    ]  # fmt: skip
