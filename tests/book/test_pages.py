"""A chapter's notebook as a page of the site, cell by cell, without building one."""

import json
import re

import described
import nbformat
import pandas as pd
import pytest
from measured import measured_pages
from pages import page, table_title
from PIL import Image
from quiz import Option, Question
from small_book import ROOT

from oe_core.atomic import write_text

BAR = "digits: {}%|███▋      | {}/165 [00:18<00:00,  8.93it/s, inliers=0.022]"


def _code(source="1 + 1", *outputs, tags=()):
    return nbformat.v4.new_code_cell(source, outputs=list(outputs), metadata={"tags": list(tags)})


def _said(text, name="stderr"):
    return nbformat.v4.new_output("stream", name=name, text=text)


def _shown(data, **metadata):
    return nbformat.v4.new_output("display_data", data, metadata=metadata)


def _page(tmp_path, *cells):
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell("# 2. Vision\n\nA story."), *cells])
    return page("02_vision", notebook, tmp_path).cells[1:]


@pytest.mark.parametrize(
    ("said", "left"),
    [
        (BAR.format(100, 165) + "\n", "digits: 165 steps in 00:18, inliers=0.022\n"),
        (BAR.format(36, 60) + "recipe 'digits': collapsed\n" + BAR.format(100, 165) + "\n",
         "recipe 'digits': collapsed\ndigits: 165 steps in 00:18, inliers=0.022\n"),
        ("/a/b/c.py:12: UserWarning: half is missing\n  warnings.warn(text)\n", "UserWarning: half is missing\n"),
        ("/a b/c.py:12: UserWarning: half is missing\n  warnings.warn(text)\n", "UserWarning: half is missing\n"),
        ("\x1b[31mred\x1b[0m\n", "red\n"),
        ("\x1b[?25l\x1b]8;;https://x.org\x1b\\linked\x1b]8;;\x07\n", "linked\n"),
        ("another process is training digits; waiting for it (lock /a/b.lock)\ndone\n", "done\n"),
        (BAR.format(36, 60) + "another process is scoring x; waiting for it (lock /a b/c.lock)\n"
         + BAR.format(100, 165),
         "digits: 165 steps in 00:18, inliers=0.022\n"),
        ("100 % sure [of it]\n", "100 % sure [of it]\n"),
    ],
)  # fmt: skip
def test_a_bar_and_a_warning_leave_one_clean_line(tmp_path, said, left):
    (cell,) = _page(tmp_path, _code("train()", _said(said)))
    assert [output.text for output in cell.outputs] == [left]


def test_a_bar_that_never_ended_leaves_nothing(tmp_path):
    (cell,) = _page(tmp_path, _code("train()", _said(BAR.format(36, 60))))
    assert cell.outputs == []


def test_a_run_of_solutions_is_one_fold(tmp_path):
    text = nbformat.v4.new_markdown_cell("Because.", metadata={"tags": ["solution"]})
    cells = _page(tmp_path, _code("ask"), _code("solve", tags=["solution"]), text, _code("ask again"))
    assert [cell.source.partition(">")[0] for cell in cells] == [
        "ask", '<details class="solution"', "solve", "Because.", "</details", "ask again",
    ]  # fmt: skip


def test_published_figures_are_numbered_in_their_order_with_caption_and_words(tmp_path):
    words = [{"stem": stem, "caption": f"Of {stem}.", "alt": f"Panels of {stem}."} for stem in ("gain", "loss")]
    write_text(tmp_path / "figures/gain.svg", "")
    for stem in ("gain", "loss"):
        Image.new("L", (400, 300)).save(tmp_path / "figures" / f"{stem}.png")
    (cell,) = _page(tmp_path, _code("draw", *(_shown({"image/png": "aGk="}, published=said) for said in words)))
    first, second = (output.data["text/markdown"] for output in cell.outputs)
    assert "{figure} files/figures/gain.png\n:name: figure-2-1\n:alt: Panels of gain.\n:width: 200px\n" in first
    assert "**Figure 2.1.** Of gain." in first and 'href="files/figures/gain.svg"' in first
    assert "**Figure 2.2.** Of loss." in second and "loss.svg" not in second


def test_a_published_table_has_a_caption_an_anchor_and_its_forms(tmp_path):
    write_text(tmp_path / "tables/table_07.csv", "")
    table = _shown({"text/markdown": "| a | b |\n| --- | --- |\n| 1 | 2 |\n\n- A footnote.\n"})
    (cell,) = _page(tmp_path, _code('paper.publish(table_7, "table_07", ROOM / "tables")', table))
    (text,) = (output.data["text/markdown"] for output in cell.outputs)
    assert text.startswith("```{table} **Table 7 of the paper**") and ":name: table-7\n" in text
    assert 'href="files/tables/table_07.csv"' in text and text.rstrip().endswith("- A footnote.")


def test_a_page_says_below_its_title_how_it_was_made(tmp_path):
    for file in ("evidence.json", "records.csv", "values.csv"):
        write_text(tmp_path / "records/02_vision/digits" / file, "{}")
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell("# 2. Vision\n\nA.")])
    title, facts, rest = page("02_vision", notebook, tmp_path).cells[0].source.split("\n\n", 2)
    assert title == "# 2. Vision" and rest.strip() == "A."
    of_digits = [f"records/02_vision/digits/{file}" for file in ("records.csv", "values.csv", "evidence.json")]
    for link in ("chapters/02_vision.py", "notebooks/02_vision.ipynb", *of_digits):
        assert f'href="files/{link}"' in facts


def test_records_beside_a_chapters_own_are_its_evidence_and_those_of_other_numbers_are_not(tmp_path):
    for folder in ("02_vision/digits", "02_mnist", "03_nlp"):
        write_text(tmp_path / "records" / folder / "evidence.json", "{}")
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell("# 2. Vision\n\nA.")])
    facts = page("02_vision", notebook, tmp_path).cells[0].source
    assert re.findall(r"<li>([^:]+):", facts) == ["02_mnist", "digits"] and "03_nlp" not in facts


def test_a_formula_in_the_words_of_a_picture_is_spoken(tmp_path):
    alt = r"Loss: H(\mathcal{U}; f(x')), \log 10 over \alpha. <"
    (cell,) = _page(tmp_path, _code("draw", _shown({"image/png": "aGk="}, **{"image/png": {"alt": alt}})))
    assert "Loss: H(U; f(x&#x27;)), log 10 over α. &lt;" in cell.outputs[0].data["text/html"]


def test_a_value_that_does_not_exist_is_a_dash_and_a_word_stays(tmp_path):
    frame = pd.DataFrame({"std": [1.5, None], "token": ["' nan '", "an NaN"]})
    (cell,) = _page(tmp_path, _code("frame", _shown({"text/html": frame.to_html()})))
    told = re.findall(r"<td[^>]*>([^<]*)<", cell.outputs[0].data["text/markdown"])
    assert told == ["1.5", "' nan '", "–", "an NaN"]


def test_a_published_table_that_the_paper_does_not_number_has_its_name_without_the_chapters():
    assert table_title("09_MNIST", "| 9.5 (paper 9.4) |") == "**MNIST**: this build, and in parentheses the paper."


def test_a_caption_names_the_papers_values_only_where_some_stand_in_the_table():
    assert table_title("table_07", "| 9.5 |") == "**Table 7 of the paper**: this build."


def test_a_footnote_that_a_table_before_has_said_is_not_said_again(tmp_path):
    tables = {"table_07": "- One seed.\n- Percent.", "table_01": "- One seed.\n- Of another set.\n- Percent."}
    cells = [
        _code(f'paper.publish(table, "{stem}", ROOM)', _shown({"text/markdown": f"| a |\n| --- |\n| 1 |\n\n{notes}\n"}))
        for stem, notes in tables.items()
    ]
    first, second = (cell.outputs[0].data["text/markdown"] for cell in _page(tmp_path, *cells))
    assert first.endswith("```\n\n- One seed.\n- Percent.\n")
    assert second.endswith("```\n\n- Of another set.\n- The other notes are those of [Table 7](#table-7).\n")


def test_a_table_of_pandas_has_a_number_and_scrolls_by_keyboard_and_other_html_stays(tmp_path):
    texts = ('<table border="1"></table>', "<b>", "<table><caption>Of MNIST.</caption></table>")
    (cell,) = _page(tmp_path, _code("show", *(_shown({"text/html": text}) for text in texts)))
    first, other, second = (output.data for output in cell.outputs)
    begin = '<div aria-label="{0}" class="scroll" role="region" tabindex="0"><table><caption><strong>{0}'
    assert begin.format("Table 2.1") + "</strong></caption></table></div>" in first["text/markdown"]
    assert begin.format("Table 2.2") + ". </strong>Of MNIST.</caption></table></div>" in second["text/markdown"]
    assert ":name: table-2-2\n" in second["text/markdown"] and other == {"text/html": "<b>"}


def test_columns_of_words_are_flush_left_and_columns_of_numbers_are_not(tmp_path):
    frame = pd.DataFrame({"why": ["small", "3 seeds", "slow"], "value": [1.5, -2, None], "paper": ["9.5", "—", "±1"]})
    named, plain = (
        _page(tmp_path, _code("frame", _shown({"text/html": one.to_html()})))[0].outputs[0].data["text/markdown"]
        for one in (frame.rename_axis("network"), frame)
    )
    assert '<td class="text-right">1.5<' in plain and '<th class="text-right">paper<' in plain
    left = re.findall(r'<(t[dh]) class="text-left">([^<]*)<', plain)
    assert left == [("th", "why"), ("td", "small"), ("td", "3 seeds"), ("td", "slow")]
    # The index's name stands in a row of heads of its own.
    assert '<th class="text-left">why<' in named and '<th class="text-right">paper<' in named


def test_tables_that_no_page_shows_whole_are_led_to(tmp_path, monkeypatch):
    (tmp_path / "tables").mkdir()
    for stem in ("table_01", "02_other"):
        (tmp_path / "tables" / f"{stem}.csv").touch()
    outputs = {f"tables/{name}": "" for name in ("table_01.csv", "02_other.csv", "02_other.md", "02_gone.csv")}
    monkeypatch.setattr("pages.read_stamp", lambda *_: {"status": "done", "outputs": outputs})
    cells = [nbformat.v4.new_markdown_cell("# 2. Vision"), _code('paper.publish(table, "table_01", ROOM)')]
    title = page("02_vision", nbformat.v4.new_notebook(cells=cells), tmp_path).cells[0].source
    assert title.count("files/tables/") == 1 and 'tables: <a href="files/tables/02_other.csv">02_other</a>' in title


def test_a_figure_with_knobs_keeps_them(tmp_path):
    (cell,) = _page(tmp_path, _code("turn", _shown({"image/png": "aGk=", "text/html": '<div class="knobs">'})))
    assert cell.outputs[0].data["text/html"] == '<div class="knobs">'


def test_the_quiz_stands_before_the_references(tmp_path):
    question = Question("What?", tuple(Option(f"answer {place}", "so it is", place == 2) for place in range(4)))
    cells = [nbformat.v4.new_markdown_cell(text) for text in ("# 2. Vision", "A story.", "## References\n\n- One.")]
    notebook = nbformat.v4.new_notebook(cells=cells)
    last = [cell.source for cell in page("02_vision", notebook, tmp_path, (question,)).cells[2:]]
    assert last[0].startswith("## Quiz\n\n<ol") and last[0].count("<details>") == 4 and last[1] == cells[-1].source
    assert [cell.source for cell in page("02_vision", notebook, tmp_path).cells[2:]] == [cells[-1].source]


def test_every_record_has_a_page_with_its_evidence_and_the_overview_leads_there():
    reference = ROOT / "runs" / "reference"
    pages = measured_pages(reference)
    folders = sorted(path.name for path in reference.iterdir() if path.is_dir())
    assert {f"measured/{name}.md" for name in folders} <= pages.keys()
    overview = pages["measured/index.md"]
    assert "](../measured/cifar10-course.md)" in overview and "](cifar10-course/" not in overview
    evidence = json.loads((reference / "cifar10-course/evidence.json").read_text("utf-8"))
    text = pages["measured/cifar10-course.md"]
    assert "## Evidence" in text and evidence["runs"][0]["commit"][:7] in text and 'cifar10-course/records.csv"' in text
    density = pages["measured/density-cifar10.md"]
    assert "## Table 5\n\nMeasured by chapter `06_pixelcnn`, where Table 5" in density and "Table 05" not in density
    assert "A square for each number that the paper prints" in pages["measured/index.md"]
    assert "](../files/reference/wall.png)" in pages["measured/index.md"]
    assert "| 50.4 → 16.5 | 80.1 → 95.7 |" in pages["_made/headline.md"]


def test_every_record_has_a_title_in_words_of_its_own_and_a_first_sentence():
    reference = ROOT / "runs" / "reference"
    names = [path.name for path in reference.iterdir() if path.is_dir()]
    titles = [described.title(name) for name in names]
    assert len(set(titles)) == len(names) and not re.search(r"[a-z]\d|\b(lm|nlp|ptb)\b", " ".join(titles))
    assert [name for name in names if not described.sentence(name, reference)] == []
    text = measured_pages(reference)["measured/branch-cifar10.md"]
    assert text.startswith("# Confidence branch, CIFAR-10\n\nRecord `branch-cifar10`: Table 3 for CIFAR-10")
    assert "[its section](../measured/index.md#the-confidence-branch-table-3)" in text


def test_a_record_that_is_the_same_as_another_leads_to_it():
    reference = ROOT / "runs" / "reference"
    assert "at [Text, TREC](../nlp-trec/)." in described.sentence("nlp-trec-code", reference)
    assert described.sentence("no-such-record", reference) == ""


def test_the_glossary_is_sorted():
    entries = (ROOT / "book/site/glossary.md").read_text("utf-8").partition("```{glossary}\n")[2].split("\n\n")
    first = [re.sub(r"[^a-z0-9 ]", "", entry.splitlines()[0].lower()) for entry in entries]
    assert first == sorted(first) and {"anomaly", "inlier", "control", "logit", "posterior", "bpp", "mad"} < set(first)


def test_a_page_that_is_made_again_is_the_same(tmp_path):
    cells = [nbformat.v4.new_markdown_cell("# 2. Vision\n\nA story."), _code("train()")]
    notebook = nbformat.v4.new_notebook(cells=cells)
    first, second = (nbformat.writes(page("02_vision", notebook, tmp_path)) for _ in range(2))
    assert first == second
