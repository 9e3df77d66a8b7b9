"""The site of a built book in a real browser: OE_TEST_BOOK is the folder of its scale, CHROMIUM the browser."""

import os
import shutil

import pytest
from built_site import BUILT, DESK, PATIENCE_MS, built_site
from playwright.sync_api import sync_playwright

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome") or ""


@pytest.fixture(scope="session")
def site():
    """The folder of the built site."""
    if not BUILT:
        pytest.skip("reads a built book: OE_TEST_BOOK=<its folder>")
    assert (built_site() / "index.html").is_file(), f"{built_site()} is not there: make site"
    return built_site()


@pytest.fixture(scope="session")
def browser(site):
    """Chromium, without a network that it could ask."""
    if not CHROMIUM:
        pytest.skip("needs Chromium: apt-get install chromium, or CHROMIUM=<its program>")
    with sync_playwright() as started:
        chromium = started.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield chromium
        chromium.close()


@pytest.fixture
def opened(site, browser):
    """A function that opens a page of the site as a file: `opened(name, viewport=DESK, scheme="light")`."""
    contexts = {}

    def open_page(name, viewport=DESK, scheme="light"):
        key = (viewport["width"], scheme)
        if key not in contexts:
            context = browser.new_context(viewport=viewport, color_scheme=scheme)
            context.set_default_timeout(PATIENCE_MS)
            contexts[key] = context.new_page()
        contexts[key].goto(f"{site.as_uri()}/{name}")
        return contexts[key]

    yield open_page
    for page in contexts.values():
        page.context.close()
