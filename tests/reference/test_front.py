"""The README's table of results is the front page's, from the records."""

from measured import measured_pages
from reference_records import ROOM, ROOT


def test_the_readme_has_the_numbers_of_the_front_page():
    rows = [line for line in measured_pages(ROOM)["_made/headline.md"].splitlines() if "→" in line and "|" in line]
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    quoted = [line.rpartition(")")[2] for line in readme.splitlines()]
    assert len(rows) == 4 and [row for row in rows if row.rpartition(")")[2] not in quoted] == []
