"""The README's table of results is the front page's, from the records."""

import re

from measured import measured_pages
from reference_records import ROOM, ROOT


def test_the_readme_has_the_numbers_of_the_front_page():
    rows = [line for line in measured_pages(ROOM)["_made/headline.md"].splitlines() if "→" in line and "|" in line]
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    quoted = [line.rpartition(")")[2] for line in readme.splitlines()]
    (control,) = re.findall("As long a training .*", measured_pages(ROOM)["_made/headline.md"])
    assert control in readme
    assert len(rows) == 4 and [row for row in rows if row.rpartition(")")[2] not in quoted] == []


def test_a_page_tells_its_control_and_what_of_the_gain_is_the_longer_trainings():
    pages = measured_pages(ROOM)
    controlled = {path.parent.name for path in ROOM.rglob("control.csv")}
    of_records = {name for name, text in pages.items() if "## As long without outliers" in text}
    without = {name for name in of_records if "No network was trained as long without outliers" in pages[name]}
    assert of_records - without == {f"measured/{name}.md" for name in controlled}
    assert {"measured/cifar10-paper.md", "measured/branch-cifar10.md", "measured/lm-ptb-words.md"} <= without
    said = "TREC: +16.2 points of AUROC: -0.7 by the longer training, +16.9 by the outliers."
    assert said in pages["measured/nlp-trec.md"]
    assert "of 10 trainings of each" in pages["measured/nlp-trec.md"]
    assert "of 1 training of each" in pages["measured/svhn-paper.md"]
