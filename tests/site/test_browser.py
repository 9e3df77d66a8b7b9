"""Every page in Chromium, opened as a file: quiet, self-contained, for a phone, a keyboard, light and dark."""

import pytest
from axe_playwright_python.sync_playwright import Axe

PHONE, DESK = {"width": 360, "height": 740}, {"width": 1280, "height": 800}
# What axe looks for: the rules of WCAG 2.1, levels A and AA; contrast, which costs the most, by itself.
CONTRAST = {"runOnly": ["color-contrast"], "resultTypes": ["violations"], "preload": False, "iframes": False}
WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]
OTHERS = CONTRAST | {"runOnly": WCAG, "rules": {"color-contrast": {"enabled": False}}}
# Marks one text of each look: what has the same classes from the page down has the same colours.
MARK_NEW_LOOKS = """(seen) => {
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
BACKGROUND = "getComputedStyle(document.body).backgroundColor"
REACHABLE = "a[href], button, summary, input, select, textarea, [tabindex='0']"
VISIBLE = f"""() => [...document.querySelectorAll("{REACHABLE}")].filter(
    (node) => node.checkVisibility({{visibilityProperty: true}}) && !node.disabled && node.tabIndex >= 0).length"""


def _faults(pages, opened, found, **how):
    """What `found(page)` has against each of the pages, for those that have a fault."""
    said = {name: found(opened(name, **how)) for name in pages}
    return {name: faults for name, faults in said.items() if faults}


def _violations(page, options, context=None):
    found = Axe().run(page, context=context, options=options).response["violations"]
    return {rule["id"]: [node["html"][:120] for node in rule["nodes"][:3]] for rule in found}


def test_no_page_says_an_error_or_asks_for_anything_outside_the_sites_folder(pages, opened, site):
    said, asked = [], []
    page = opened("index.html")
    page.on("console", lambda message: said.append((page.url, message.text)) if message.type == "error" else None)
    page.on("pageerror", lambda error: said.append((page.url, str(error))))
    page.on("request", lambda request: asked.append(request.url))
    for name in pages:
        opened(name).evaluate(WHEN_IDLE)
    assert said == []
    outside = [url for url in asked if not url.startswith((site.as_uri(), "data:"))]
    assert asked and outside == []


def test_nothing_overflows_on_a_phone(pages, opened):
    wide = "() => document.documentElement.scrollWidth > innerWidth ? document.documentElement.scrollWidth : 0"
    assert _faults(pages, opened, lambda page: page.evaluate(wide), viewport=PHONE) == {}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_contrast_of_every_look_passes_axe(pages, opened, scheme):
    seen = []

    def faint(page):
        assert page.evaluate("document.documentElement.dataset.theme") == scheme
        fresh = page.evaluate(MARK_NEW_LOOKS, seen)
        seen.extend(fresh)
        return _violations(page, CONTRAST, {"include": [["[data-look]"]]}) if fresh else {}

    assert _faults(pages, opened, faint, scheme=scheme) == {}
    assert len(seen) > 100


def test_every_page_passes_the_other_rules_of_axe(pages, opened):
    assert _faults(pages, opened, lambda page: _violations(page, OTHERS)) == {}


@pytest.mark.parametrize("name", ["index.html", "00_start_here.html", "measured/index.html"])
def test_the_keyboard_alone_reaches_everything(opened, name):
    page = opened(name)
    page.evaluate("() => document.querySelectorAll('[data-reached]').forEach((node) => delete node.dataset.reached)")
    total = page.evaluate(VISIBLE)
    for _ in range(total + 20):
        page.keyboard.press("Tab")
        page.evaluate("() => { document.activeElement.dataset.reached = '' }")
    missed = page.evaluate(f"""() => [...document.querySelectorAll("{REACHABLE}")].filter((node) =>
        node.checkVisibility({{visibilityProperty: true}}) && !node.disabled && !("reached" in node.dataset))
        .map((node) => node.outerHTML.slice(0, 120))""")
    assert total > 20 and missed == []


def test_no_page_keeps_anything_from_the_keyboard_or_changes_its_order(pages, opened):
    """Where this holds, Tab meets everything in the order of the page; the three above are walked through."""
    apart = f"""() => [...document.querySelectorAll("{REACHABLE}")].filter(
        (node) => node.checkVisibility({{visibilityProperty: true}}) && !node.disabled && node.tabIndex !== 0)
        .map((node) => node.outerHTML.slice(0, 120))"""
    assert _faults(pages, opened, lambda page: page.evaluate(apart)) == {}


def test_search_finds_the_confidence_branch(opened):
    page = opened("search.html?q=confidence+branch")
    page.wait_for_selector("#search-results ul.search li a")
    links = page.eval_on_selector_all("#search-results ul.search li a", "found => found.map((a) => a.href)")
    assert any("04_confidence_branch.html" in link for link in links)


def test_a_table_sorts_by_a_column_and_back_by_keyboard(opened):
    page = opened("measured/index.html")
    head = page.locator(".scroll thead button", has_text="AUROC").first
    column = "(button) => { const cell = button.closest('th'); return [...cell.closest('table').tBodies[0].rows]" \
             ".map((row) => parseFloat(row.cells[cell.cellIndex].textContent)) }"
    orders = []
    for _ in range(2):
        head.focus()
        page.keyboard.press("Enter")
        orders.append(head.evaluate(column))
    assert orders[0] == sorted(orders[0]) and orders[1] == sorted(orders[0], reverse=True) and len(set(orders[0])) > 1


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
