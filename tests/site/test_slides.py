"""The slides of every session in Chromium, opened as files: quiet, self-contained, and none runs over."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from lessons import read_sessions

PROJECTOR = {"width": 1280, "height": 720}
READY = "() => window.Reveal?.isReady()"
# Of each slide with all of its parts: what leaves the frame, is cut, or is a picture too small to be read.
OVERFLOWING = """() => Reveal.getSlides().map((slide, number) => {
    Reveal.slide(number);
    slide.querySelectorAll(".fragment").forEach((part) => part.classList.add("visible"));
    const seen = [...slide.querySelectorAll("*")].filter((node) => !node.closest("aside, .made, math"));
    const boxes = seen.map((node) => node.getBoundingClientRect()).filter((box) => box.width && box.height);
    const cut = [...slide.querySelectorAll(".shown, .fragment, .formula")].filter((node) =>
        node.scrollWidth > node.clientWidth + 1
        || (!node.matches(".formula") && node.scrollHeight > node.clientHeight + 1));
    const small = [...slide.querySelectorAll("img")].filter((node) => node.getBoundingClientRect().height < 150);
    const right = Math.max(...boxes.map((box) => box.right)), bottom = Math.max(...boxes.map((box) => box.bottom));
    return right > 1240 || bottom > 690 || cut.length || small.length
        ? [number + 1, Math.round(right), Math.round(bottom), cut.map((node) => node.className), small.length] : null;
}).filter(Boolean)"""
TEXTS = """[...document.querySelectorAll(".slides section *")].filter((node) => !node.closest("aside, .made, math")
    && [...node.childNodes].some((child) => child.nodeType === Node.TEXT_NODE && child.data.trim()))"""
SMALLEST = f"() => Math.min(...{TEXTS}.map((node) => parseFloat(getComputedStyle(node).fontSize)))"


@pytest.fixture(scope="module")
def decks(site):
    """The slides of every session."""
    found = sorted(path.relative_to(site).as_posix() for path in site.glob("slides/session_*.html"))
    assert len(found) == len(read_sessions())
    return found


@pytest.fixture
def shown(opened):
    """A function that opens slides and waits until reveal.js has laid them out."""

    def show(name):
        page = opened(name, viewport=PROJECTOR)
        page.wait_for_function(READY)
        return page

    return show


def test_no_slides_say_an_error_or_ask_for_anything_outside_their_folder(decks, shown, opened, site):
    said, asked = [], []
    page = opened(decks[0], viewport=PROJECTOR)
    page.on("console", lambda message: said.append((page.url, message.text)) if message.type == "error" else None)
    page.on("pageerror", lambda error: said.append((page.url, str(error))))
    page.on("request", lambda request: asked.append(request.url))
    for name in decks:
        shown(name)
    assert said == []
    assert asked and [url for url in asked if not url.startswith((f"{site.as_uri()}/slides/", "data:"))] == []


def test_no_slide_runs_over_and_letters_can_be_read_from_the_last_row(decks, shown):
    faults = {name: found for name in decks if (found := shown(name).evaluate(OVERFLOWING))}
    assert faults == {}
    assert {name: size for name in decks if (size := shown(name).evaluate(SMALLEST)) < 16} == {}


def test_a_session_has_as_many_slides_as_can_be_taught_with_notes_and_pictures_that_have_words(decks, shown):
    for name in decks:
        page = shown(name)
        assert 15 <= page.evaluate("Reveal.getTotalSlides()") <= 26
        assert page.locator("aside.notes li").count() > 10
        words = page.eval_on_selector_all("img", "found => found.map((img) => img.alt.split(' ').length)")
        assert words and min(words) >= 4, name


def test_the_keyboard_moves_on_and_shows_first_what_is_asked_and_then_the_answer(decks, shown):
    page = shown(decks[0])
    page.keyboard.press("ArrowRight")
    assert page.evaluate("Reveal.getIndices().h") == 1
    first = page.evaluate("Reveal.getSlides().findIndex((slide) => slide.querySelector('.fragment'))")
    page.evaluate(f"Reveal.slide({first})")
    seen = []
    for _ in range(2):
        seen.append([page.evaluate("Reveal.getIndices().h"), page.locator("section.present .fragment.visible").count()])
        page.keyboard.press("ArrowRight")
    assert seen == [[first, 0], [first, 1]] and page.evaluate("Reveal.getIndices().h") == first + 1


def test_the_speakers_view_opens_with_the_notes_of_the_slide(decks, shown):
    page = shown(decks[0])
    with page.context.expect_page() as opening:
        page.keyboard.press("s")
    notes = opening.value.locator(".speaker-controls-notes .value li").first
    notes.wait_for()
    assert notes.inner_text().startswith("In class: ")
    opening.value.close()


def test_on_paper_each_slide_is_a_page_whose_colours_pass_axe(decks, opened):
    for name in decks:
        page = opened(f"{name}?print-pdf", viewport=PROJECTOR)
        page.wait_for_selector(".pdf-page")
        page.wait_for_function(READY)
        assert page.locator(".pdf-page").count() == page.evaluate("Reveal.getTotalSlides()")
        options = {"runOnly": ["color-contrast"], "resultTypes": ["violations"], "preload": False}
        found = Axe().run(page, options=options).response["violations"]
        assert [node["html"][:120] for rule in found for node in rule["nodes"]] == [], name
