"""A figure with knobs on a page that is opened as a file: keys turn it, and what it shows is said."""

import os
import shutil

import pytest

from oe_core import figures

sync_api = pytest.importorskip("playwright.sync_api")
CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")

pytestmark = pytest.mark.skipif(not CHROMIUM, reason="needs Chromium: apt-get install chromium, or CHROMIUM=<program>")


def _draw(figure, threshold, rate):
    figure.add_subplot().axvline(threshold + len(rate))
    return f"threshold {threshold}, rate {rate}"


def test_keys_turn_the_figure_and_its_words_follow(tmp_path):
    turned = figures.knobs(_draw, {"threshold": [0, 1, 2], "base rate": ["1:5", "1:100"]}, [1, 0], size=(2, 1))
    page = tmp_path / "page.html"
    page.write_text(f"<!doctype html><title>Knobs</title>{turned.html}", encoding="utf-8")
    with sync_api.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        shown, errors = browser.new_page(), []
        shown.on("pageerror", lambda error: errors.append(error))
        shown.goto(page.as_uri())
        picture = shown.locator("img")
        before = picture.get_attribute("src")
        shown.keyboard.press("Tab")
        shown.keyboard.press("ArrowRight")
        assert picture.get_attribute("alt") == "threshold 2, rate 1:5" and picture.get_attribute("src") != before
        shown.keyboard.press("Tab")
        shown.keyboard.press("ArrowRight")
        assert shown.locator(".told").inner_text() == picture.get_attribute("alt") == "threshold 2, rate 1:100"
        assert shown.locator("output").all_inner_texts() == ["2", "1:100"] and not errors
        browser.close()
