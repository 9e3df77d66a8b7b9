"""What stands on the pages of a built site: links that lead somewhere, pictures with words, numbers with evidence."""

import re
from html.parser import HTMLParser
from pathlib import PurePosixPath
from urllib.parse import unquote, urlsplit

import pytest
from built_site import built_pages
from chapters import find_chapters
from small_book import ROOT

LINKS = (("a", "href"), ("img", "src"), ("script", "src"), ("link", "href"))
CHAPTERS = list(find_chapters(ROOT / "book"))


class Page(HTMLParser):
    """The tags of a page with their attributes, its ids, and the text inside each class that is asked for."""

    def __init__(self, path):
        super().__init__()
        self.tags = []
        self.text = path.read_text("utf-8")
        self.feed(self.text)
        self.ids = {attributes["id"] for _, attributes in self.tags if "id" in attributes}

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, {name: value or "" for name, value in attrs}))

    def all(self, tag, attribute):
        """The values of an attribute of all tags of a kind that have it."""
        return [attributes[attribute] for name, attributes in self.tags if name == tag and attribute in attributes]


@pytest.fixture(scope="module")
def read(site):
    """Every page, parsed, by its path."""
    return {name: Page(site / name) for name in built_pages()}


def test_every_chapter_has_a_page_and_links_to_its_neighbours(read):
    for before, after in zip(CHAPTERS[:-1], CHAPTERS[1:], strict=True):
        assert f"{after}.html" in read[f"{before}.html"].all("a", "href")
        assert f"{before}.html" in read[f"{after}.html"].all("a", "href")


def test_no_link_and_no_picture_is_broken(read, site):
    broken = {}
    for name, page in read.items():
        for link in [link for tag, where in LINKS for link in page.all(tag, where)]:
            parts = urlsplit(link)
            if parts.scheme or link == "#":
                continue
            target = (site / PurePosixPath(name).parent / unquote(parts.path)).resolve() if parts.path else site / name
            where = target.relative_to(site).as_posix() if target.is_relative_to(site) else str(target)
            anchor, anchors = unquote(parts.fragment), read[where].ids if where in read else {unquote(parts.fragment)}
            if not target.is_file() or (anchor and anchor not in anchors):
                broken.setdefault(name, []).append(link)
    assert broken == {}


def test_every_picture_has_an_alternative_text_that_says_what_it_shows(read):
    silent = {}
    for name, page in read.items():
        for attributes in (attributes for tag, attributes in page.tags if tag == "img"):
            words = attributes.get("alt", "").split()
            if len(words) < 4 or re.search(r"\\[A-Za-z]", attributes["alt"]) or "No description" in attributes["alt"]:
                silent.setdefault(name, []).append(attributes.get("src"))
    assert silent == {}


def test_a_page_says_which_data_it_rests_on_where_it_has_numbers_of_a_build_or_a_record(read):
    said = {name: re.findall(r'class="data-badge (\w+)"', page.text) for name, page in read.items()}
    del said["index.html"]
    measured = {name for name in said if name.startswith(("measured/", "results"))}
    expected = {f"{name}.html": ["build"] for name in CHAPTERS} | {name: ["measured"] for name in measured}
    expected |= {"10_results.html": ["build", "measured"]}
    assert said == dict.fromkeys(said, []) | expected


def test_pictures_of_what_was_measured_are_described(read):
    pages = {name: page for name, page in read.items() if name.startswith(("measured/", "results"))}
    short = {name: [alt for alt in page.all("img", "alt") if len(alt.split()) < 15] for name, page in pages.items()}
    assert {name: alts for name, alts in short.items() if alts} == {}


def test_no_page_has_a_path_of_the_machine_that_built_it(read):
    path = re.compile(r"(?<![\w.:/~-])/(?:tmp|home|root|work|Users|mnt)/\w")
    assert {name: found[0] for name, page in read.items() if (found := path.search(page.text))} == {}


def test_the_teachers_guide_leads_to_the_records_that_it_names(read):
    links = read["course/teacher.html"].all("a", "href")
    assert {"../measured/cifar10-paper.html", "../measured/mnist.html", "../measured/index.html"} <= set(links)


def test_common_words_lead_to_the_glossary_in_its_sense_alone(read):
    words = {name: _terms(page.text) for name, page in read.items()}
    assert "Draw" not in words["01_metrics.html"] and "draw" not in words["06_pixelcnn.html"]
    assert "draws" in words["03_nlp.html"] and "scale" in words["11_your_data.html"]
    assert "scale" not in words["01_metrics.html"]


def _terms(text):
    return re.findall(r'class="term-link">([^<]+)<', text)


def test_the_front_page_says_which_numbers_are_measured_and_which_of_this_build(read):
    front = read["index.html"].text
    badges = re.findall(r'class="data-badge (\w+)">the (\w+)', front)
    assert badges == [("measured", "numbers"), ("build", "chapters")]


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_a_chapter_leads_to_its_source_notebook_records_and_evidence(chapter, read, site):
    links = read[f"{chapter}.html"].all("a", "href")
    assert {f"files/chapters/{chapter}.py", f"files/notebooks/{chapter}.ipynb"} <= set(links)
    records = (site / "files/records").glob(f"{chapter[:2]}_*/**/evidence.json")
    folders = {path.parent for path in records}
    for folder in folders:
        kept = [path.relative_to(site).as_posix() for path in folder.glob("*.csv")]
        assert kept and {*kept, f"{folder.relative_to(site).as_posix()}/evidence.json"} <= set(links)


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_figures_and_tables_of_a_chapter_are_numbered_and_can_be_downloaded(chapter, read):
    page = read[f"{chapter}.html"]
    numbers = [found[1] for found in (re.fullmatch(r"figure-(\d+-\d+)", i) for i in page.ids) if found]
    assert sorted(numbers) == sorted(f"{int(chapter[:2])}-{n}" for n in range(1, len(numbers) + 1))
    assert page.text.count("<figure") == len(numbers) > 0
    forms = page.all("a", "href")
    assert sum(link.startswith("files/figures/") for link in forms) == 2 * len(numbers)
    tables = [found[0] for found in re.finditer(r"(?<=<strong>Table )\d+\.\d+", page.text)]
    assert tables == [f"{int(chapter[:2])}.{n}" for n in range(1, len(tables) + 1)]
    shown = re.findall(r'<table (?:class="dataframe|id="T_)[^>]*>\s*<(\w+)', page.text)  # by pandas
    assert set(shown) <= {"caption"} and len(shown) <= len(tables)


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_the_references_of_a_chapter_lead_to_the_bibliography(chapter, read):
    references = read[f"{chapter}.html"].text.rpartition('<section id="references">')[2].partition("</section>")[0]
    assert references.count('href="bibliography.html#') == references.count("<em>") > 0


def test_prose_leads_to_chapters_and_tables_and_the_first_use_of_a_term_to_the_glossary(read):
    links = read["04_confidence_branch.html"].all("a", "href")
    assert {"02_vision_msp.html", "02_vision_msp.html#table-7", "#table-3"} <= set(links)
    terms = [link for link in links if link.startswith("glossary.html#")]
    assert len(terms) == len(set(terms)) > 3


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_a_figure_that_prose_names_by_its_number_is_there(chapter, read):
    prose = "\n".join(re.findall(r"^# .*", (ROOT / "book" / f"{chapter}.py").read_text("utf-8"), re.MULTILINE))
    named = re.findall(r"Figure (\d+)\.(\d+)", prose)
    links = {f"{CHAPTERS[int(of)]}.html#figure-{of}-{count}" for of, count in named}
    assert links <= set(read[f"{chapter}.html"].all("a", "href"))


def test_formulas_are_mathml(read):
    page = read["04_confidence_branch.html"]
    assert page.text.count("<math ") > 50
    assert not any("mathjax" in script.lower() for script in page.all("script", "src"))
