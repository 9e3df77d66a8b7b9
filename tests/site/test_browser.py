"""Every page in Chromium, opened as a file: quiet, self-contained, for a phone, a keyboard, light and dark."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from built_site import DESK, PATIENCE_MS, built_pages
from small_book import ROOT

PHONE = {"width": 360, "height": 740}
SCHEMES = ("light", "dark")
# What axe looks for: the rules of WCAG 2.1, levels A and AA; contrast, which costs the most, by itself.
CONTRAST = {"runOnly": ["color-contrast"], "resultTypes": ["violations"], "preload": False, "iframes": False}
WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]
OTHERS = CONTRAST | {"runOnly": WCAG, "rules": {"color-contrast": {"enabled": False}}}
# Marks one text of each look: what has the same classes from the page down has the same colours.
MARK_NEW_LOOKS = """(seen) => {
    document.querySelectorAll("[data-look]").forEach((node) => delete node.dataset.look);
    const known = new Set(seen), fresh = [];
    for (const node of document.querySelectorAll("body *")) {
        if (![...node.childNodes].some((child) => child.nodeType === Node.TEXT_NODE && child.data.trim())) continue;
        let look = "";
        for (let up = node; up.parentElement; up = up.parentElement)
            look += `${up.tagName}.${[...up.classList].filter((name) => !/\\d/.test(name)).sort().join(".")}>`;
        if (known.has(look)) continue;
        known.add(look);
        fresh.push(look);
        node.dataset.look = "";
    }
    return fresh;
}"""
# What a page's scripts ask for after it has loaded, they ask for by then. Playwright's "networkidle" may never come.
WHEN_IDLE = "() => new Promise((done) => requestIdleCallback(done, {timeout: 10000}))"
# Colours that are on their way from one theme to the other have arrived then.
ARRIVED = "() => document.getAnimations().filter((one) => one instanceof CSSTransition).forEach((one) => one.finish())"
BACKGROUND = "getComputedStyle(document.body).backgroundColor"
OVERFLOW = "() => document.documentElement.scrollWidth > innerWidth ? document.documentElement.scrollWidth : 0"
REACHABLE = "a[href], button, summary, input, select, textarea, [tabindex='0']"
# What can be seen and used, of which something must hold.
USABLE = f"""[...document.querySelectorAll("{REACHABLE}")].filter(
    (node) => node.checkVisibility({{visibilityProperty: true}}) && !node.disabled)"""
NAMED = ".map((node) => node.outerHTML.slice(0, 120))"
APART = f"() => {USABLE}.filter((node) => node.tabIndex !== 0){NAMED}"
VISIBLE = f"() => {USABLE}.filter((node) => node.tabIndex >= 0).length"
# Tables of several rows whose heads do not sort them.
UNSORTED = """() => [...document.querySelectorAll(".scroll table")].filter((table) => table.tBodies[0]?.rows.length > 1
    && table.tHead?.textContent.trim() && !table.querySelector("button, tbody [colspan]"))
    .map((table) => table.outerHTML.slice(0, 300))"""
MISSED = f"() => {USABLE}.filter((node) => !('reached' in node.dataset)){NAMED}"


@pytest.fixture(scope="module")
def visit(site, browser):
    """A function that opens a page and gives the faults that it has, by kind; one page of the browser serves all."""
    page = browser.new_context(viewport=DESK).new_page()
    page.set_default_timeout(PATIENCE_MS)
    said, asked, seen = [], [], {scheme: set() for scheme in SCHEMES}
    page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", lambda request: asked.append(request.url))

    def faults(name):
        for kept in (said, asked):
            kept.clear()
        page.set_viewport_size(DESK)
        page.emulate_media(color_scheme=SCHEMES[0])
        page.goto(f"{site.as_uri()}/{name}")
        page.evaluate(WHEN_IDLE)
        assert asked, "the page's own file is a request"
        found = {
            "errors": said,
            "requests outside of the site": [url for url in asked if not url.startswith((site.as_uri(), "data:"))],
            "tables that cannot be sorted": page.evaluate(UNSORTED),
            "kept from the keyboard, or out of order": page.evaluate(APART),
            "rules of axe": _violations(page, OTHERS),
            **{f"contrast, {scheme}": _faint(page, scheme, seen[scheme]) for scheme in SCHEMES},
            "not reached by Tab": _missed(page),
        }
        page.set_viewport_size(PHONE)
        found["wider than a phone"] = page.evaluate(OVERFLOW)
        return {kind: what for kind, what in found.items() if what}

    yield faults
    page.context.close()


def _violations(page, options, context=None):
    found = Axe().run(page, context=context, options=options).response["violations"]
    return {rule["id"]: [node["html"][:120] for node in rule["nodes"][:3]] for rule in found}


def _faint(page, scheme, seen):
    """What axe has against the contrast of the looks that no page before has shown."""
    page.emulate_media(color_scheme=scheme)
    page.wait_for_function(f"document.documentElement.dataset.theme === '{scheme}'")
    page.evaluate(ARRIVED)
    fresh = page.evaluate(MARK_NEW_LOOKS, sorted(seen))
    seen.update(fresh)
    return _violations(page, CONTRAST, {"include": [["[data-look]"]]}) if fresh else {}


def _missed(page):
    """What Tab does not come to, from the top of the page to its end."""
    total = page.evaluate(VISIBLE)
    assert total > 20, "every page has its way to the others"
    page.evaluate("() => document.addEventListener('focusin', (event) => { event.target.dataset.reached = '' })")
    for _ in range(total + 20):
        page.keyboard.press("Tab")
    return page.evaluate(MISSED)


@pytest.mark.parametrize("name", built_pages() or [""])
def test_a_page_is_quiet_and_its_own_and_for_a_phone_a_keyboard_light_and_dark(name, visit):
    assert visit(name) == {}


def test_search_finds_the_confidence_branch(opened):
    page = opened("search.html?q=confidence+branch")
    page.wait_for_selector("#search-results ul.search li a")
    links = page.eval_on_selector_all("#search-results ul.search li a", "found => found.map((a) => a.href)")
    assert any("04_confidence_branch.html" in link for link in links)


def test_a_table_sorts_by_a_column_and_back_by_keyboard(opened):
    page = opened("measured/index.html")
    head = page.locator(".scroll thead button", has_text="AUROC").first
    column = (
        "(button) => { const cell = button.closest('th'); return [...cell.closest('table').tBodies[0].rows]"
        ".filter((row) => !/\\bMean\\b/.test(row.textContent))"
        ".map((row) => parseFloat(row.cells[cell.cellIndex].textContent)) }"
    )
    orders = []
    for _ in range(2):
        head.focus()
        page.keyboard.press("Enter")
        orders.append(head.evaluate(column))
    assert orders[0] == sorted(orders[0]) and orders[1] == sorted(orders[0], reverse=True) and len(set(orders[0])) > 1


def test_means_stay_below_the_rows_that_they_are_of_however_a_table_is_sorted(opened):
    page = opened("measured/cifar10-paper.html")
    head = page.locator(".scroll thead button", has_text="AUROC").first
    last = "(button) => button.closest('table').tBodies[0].lastElementChild.textContent"
    for _ in range(2):
        head.click()
        assert "Mean" in head.evaluate(last)


GROUPED = """<table><thead><tr><th></th><th>metric</th><th colspan="2">AUROC</th></tr>
<tr><th></th><th></th><th>none</th><th>OE</th></tr><tr><th>near</th><th>set</th><th></th><th></th></tr></thead>
<tbody><tr><th rowspan="2">far</th><th>noise</th><td>▲ 100.0</td><td>+1.5</td></tr>
<tr><th>blobs</th><td>✕ 19.5</td><td>−2.0</td></tr>
<tr><th>near</th><th>mixed</th><td>▲ 30.0 ± 0.5</td><td>WRN</td></tr></tbody></table>"""


@pytest.mark.parametrize(
    ("head", "rows"),
    [
        ("none", ["far blobs ✕ 19.5 −2.0", "near mixed ▲ 30.0 ± 0.5 WRN", "far noise ▲ 100.0 +1.5"]),
        ("OE", ["far blobs ✕ 19.5 −2.0", "far noise ▲ 100.0 +1.5", "near mixed ▲ 30.0 ± 0.5 WRN"]),
        ("set", ["far blobs ✕ 19.5 −2.0", "near mixed ▲ 30.0 ± 0.5 WRN", "far noise ▲ 100.0 +1.5"]),
    ],
)
def test_groups_and_marks_sort_by_number_and_each_row_keeps_its_groups_name(head, rows, opened):
    page = opened("index.html")
    page.set_content(GROUPED)
    page.add_script_tag(path=str(ROOT / "book" / "site" / "_static" / "book.js"))
    page.evaluate("makeSortable(document.querySelector('table'))")
    page.get_by_role("button", name=head, exact=True).click()
    read = "found => found.map((row) => [...row.cells].map((cell) => cell.textContent).join(' '))"
    assert page.eval_on_selector_all("tbody tr", read) == rows


@pytest.mark.parametrize("name", ["02_vision_msp.html", "results.html", "course/teacher.html"])
def test_nothing_is_cut_on_paper(name, opened):
    page = opened(name, viewport={"width": 700, "height": 1000})  # A4 between its margins
    page.emulate_media(media="print")
    cut = page.eval_on_selector_all(
        ".bd-article :is(pre, .scroll)",
        "found => found.filter((box) => box.scrollWidth > box.clientWidth + 1)"
        ".map((box) => box.outerHTML.slice(0, 120))",
    )
    page.emulate_media(media="screen")
    assert cut == []


def test_the_box_of_what_a_cell_printed_has_one_colour(opened):
    page = opened("03_nlp.html", viewport={"width": 1400, "height": 900}, scheme="dark")
    beside = "found => found.map((pre) => pre.closest('.output').clientWidth - pre.offsetWidth)"
    wider = page.eval_on_selector_all("div.cell_output .output pre", beside)
    assert wider and max(wider) <= 2


def test_no_line_of_code_is_cut_at_the_edge_of_its_column(opened):
    page = opened("02_vision_msp.html", viewport={"width": 1400, "height": 900})
    wide = "found => found.filter((code) => code.scrollWidth > code.clientWidth).length"
    assert page.eval_on_selector_all("div.cell_input pre", wide) == 0


@pytest.mark.parametrize(("name", "picture"), [("08_calibration.html", ".knobs img"), ("results.html", "p > img")])
def test_a_phone_shows_a_picture_in_a_size_that_can_be_read_and_moves_it_aside(name, picture, opened):
    shown = opened(name, viewport=PHONE).locator(picture).first
    assert shown.evaluate("(node) => node.getBoundingClientRect().width") > 600
    assert shown.evaluate("(node) => getComputedStyle(node.parentElement).overflowX") == "auto"


def test_a_button_that_has_the_keyboard_is_marked(opened):
    page = opened("00_start_here.html", viewport={"width": 1400, "height": 900})
    button = page.locator("button.primary-toggle:visible")
    outline = "(node) => [getComputedStyle(node).outlineStyle, parseFloat(getComputedStyle(node).outlineWidth)]"
    for _ in range(100):  # the search and the contents come first
        page.keyboard.press("Tab")
        if button.evaluate("(node) => node === document.activeElement"):
            break
    style, width = button.evaluate(outline)
    assert button.evaluate("(node) => node.matches(':focus-visible')") and style == "solid" and width >= 2


@pytest.mark.parametrize("name", ["results.html", "02_vision_msp.html", "08_calibration.html", "10_results.html"])
def test_a_phone_shows_a_number_of_every_table_of_results_before_it_is_moved(name, opened):
    page = opened(name, viewport=PHONE)
    rights = "found => found.map((cell) => cell.getBoundingClientRect().right)"
    seen = page.eval_on_selector_all(".scroll tbody tr:first-child > td.text-right:nth-child(3)", rights)
    assert seen and max(seen) <= PHONE["width"]


def test_a_wide_table_has_the_room_beside_the_lines(opened):
    page = opened("results.html", viewport={"width": 1500, "height": 900})
    width = "(node) => node.getBoundingClientRect().width"
    table, line = (page.locator(part).first.evaluate(width) for part in (".scroll:has(th)", ".bd-article p"))
    assert table > line + 100


def test_the_front_page_is_one_screen(opened):
    page = opened("index.html", viewport=DESK)
    bottom = "(node) => node.getBoundingClientRect().bottom"
    for part in (".front figure", ".front .scroll", ".front .highlight", ".front-table > p:last-of-type"):
        assert page.locator(part).first.evaluate(bottom) <= DESK["height"], part


def test_solutions_are_folded_and_open_by_keyboard(opened):
    page = opened("00_start_here.html")
    solution = page.locator("details.solution").first
    assert not solution.evaluate("(node) => node.open")
    solution.locator("summary").focus()
    page.keyboard.press("Enter")
    assert solution.evaluate("(node) => node.open") and solution.locator("div.cell, p").first.is_visible()


def test_the_reader_can_choose_light_or_dark(opened):
    page = opened("00_start_here.html")
    seen = []
    for mode in ("dark", "light"):
        page.locator("button.theme-switch-button").click()
        page.locator(f"button.theme-change-button[data-mode={mode}]").click()
        seen.append([page.evaluate("document.documentElement.dataset.theme"), page.evaluate(BACKGROUND)])
    assert [theme for theme, _ in seen] == ["dark", "light"] and seen[0][1] != seen[1][1]
