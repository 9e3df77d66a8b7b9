"""`make lab` as its reader has it: a real server, a real browser, a chapter run, changed and run again."""

import os
import re
import shutil
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import nbformat
import pytest

sync_api = pytest.importorskip("playwright.sync_api")

CHECKOUT = Path(__file__).resolve().parents[2]
CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
CHAPTER = "01_metrics"
PATIENCE = 240_000  # milliseconds without anything new; on a busy machine a kernel takes its time
TOKEN = "known-to-this-test"

pytestmark = pytest.mark.skipif(not CHROMIUM, reason="needs Chromium: apt-get install chromium, or CHROMIUM=<program>")


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """The folder of the copies, and the address of a server on them, which is started as `make lab` starts it."""
    home = tmp_path_factory.mktemp("lab")
    ours = {"PYTHONPATH": f"{CHECKOUT}:{CHECKOUT / 'book'}", "OE_RUNS": str(home / "runs"), "HOME": str(home),
            "JUPYTER_CONFIG_PATH": str(CHECKOUT / "book/lab"), "JUPYTER_PATH": str(CHECKOUT / "book/lab"),
            "OMP_NUM_THREADS": "1"}  # fmt: skip
    ours = {name: value for name, value in os.environ.items() if name != "MPLBACKEND"} | ours  # tests draw nowhere
    subprocess.run([sys.executable, "book/copies.py"], cwd=CHECKOUT, env=ours, check=True)
    folder = home / "runs" / "lab"
    command = [sys.executable, "-m", "jupyterlab", f"--ServerApp.root_dir={folder}", "--no-browser", "--allow-root",
               "--ServerApp.port=0", f"--IdentityProvider.token={TOKEN}"]  # fmt: skip
    log = home / "server.log"
    with log.open("w") as said, subprocess.Popen(command, cwd=home, env=ours, stderr=said) as server:
        while not (found := re.search(r"http://(?:localhost|127\.0\.0\.1):\d+/lab", log.read_text())):
            assert server.poll() is None, f"the server did not start: {log.read_text()[-2000:]}"
            time.sleep(0.2)
        yield folder, found.group()
        server.terminate()
        try:
            server.wait(30)
        except subprocess.TimeoutExpired:  # pyzmq may wait for ever for sockets of a kernel that ended at this moment
            server.kill()


@pytest.fixture
def opened(lab):
    """The page of the chapter's copy in a browser."""
    _, address = lab
    with sync_api.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1400, "height": 1000})
        page.set_default_timeout(PATIENCE)
        page.goto(f"{address}/tree/{CHAPTER}.ipynb?token={TOKEN}")
        page.locator(".jp-Notebook .jp-CodeCell").first.wait_for()
        _wait_for_the_kernel(page, address)
        yield page
        browser.close()


def _wait_for_the_kernel(page, address):
    """Until the page's kernel has said that it is idle: what is run before it has may stay without a number."""
    state = None
    for _ in range(PATIENCE // 500):
        sessions = page.request.get(f"{address.removesuffix('lab')}api/sessions?token={TOKEN}").json()
        state = [(one["kernel"]["execution_state"], one["kernel"]["connections"]) for one in sessions]
        if state and all(said == "idle" and connections for said, connections in state):
            return
        page.wait_for_timeout(500)
    pytest.fail(f"the kernel did not start: {state}")


def _menu(page, menu, item):
    page.get_by_role("menuitem", name=menu, exact=True).click()
    page.get_by_role("menuitem", name=item).first.click()


def _saved(page, copy):
    """Save; the notebook as it then lies on the disk, or as it lay there when nothing is new."""
    page.keyboard.press("Control+s")
    for _ in range(PATIENCE // 2_000):
        page.wait_for_timeout(2_000)
        with suppress(nbformat.reader.NotJSONError):  # while it is written
            return nbformat.read(copy, as_version=4)
    pytest.fail(f"{copy} is no notebook any more")


def _run_all(page, copy, count):
    """Run all cells and save until the last has its number; the notebook as it then lies on the disk."""
    _menu(page, "Run", re.compile("^Run All Cells"))
    # The page does not say when all are begun: it holds the cells in sight alone, and a kernel that has yet to start is
    # as idle as one that is through.
    reached, since = -1, time.monotonic()
    while time.monotonic() - since < PATIENCE / 1_000:
        highest = max(cell.get("execution_count") or 0 for cell in _saved(page, copy).cells)
        if highest >= count:
            page.locator(".jp-Notebook-ExecutionIndicator[data-status='idle']").wait_for()
            return _saved(page, copy)
        if highest != reached:
            reached, since = highest, time.monotonic()
    pytest.fail(f"{copy} stopped at run {reached} of {count}: {_shown(page)}")


def _shown(page):
    """What the reader sees when nothing goes on: a dialog, a kernel's state, errors."""
    return [words for place in (".jp-Dialog-content", ".jp-KernelName", "[data-mime-type*='error']")
            for words in page.locator(place).all_inner_texts()]  # fmt: skip


def _write(page, old, new):
    """Replace the source of the code cell that contains `old`."""
    page.locator(".jp-CodeCell .cm-content", has_text=old).first.click()
    page.keyboard.press("Control+a")
    page.keyboard.insert_text(new)


def _tables(notebook):
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    shown = (output.get("data", {}).get("text/html", "") for output in outputs)
    return [content for content in shown if "<table" in content]


def _pictures(notebook):
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    assert not [output for output in outputs if output.output_type == "error"], outputs
    return [content for output in outputs for kind, content in output.get("data", {}).items() if "image/" in kind]


def _turn_a_knob(page):
    """Move the first slider that scrolling down meets, by its keys; the picture and its words before and after it."""
    slider = page.locator(".jp-OutputArea .widget-slider [role='slider']").first
    page.locator(".jp-Notebook").first.hover()
    for _ in range(PATIENCE // 500):  # cells out of sight are not on the page
        if slider.count():
            break
        page.mouse.wheel(0, 600)
        page.wait_for_timeout(100)
    slider.scroll_into_view_if_needed()
    figure = page.locator(".jp-OutputArea .knobs").first
    told = figure.locator(".told")
    told.filter(has_text=re.compile(r"\S")).wait_for()
    first = found = figure.locator("img").get_attribute("src"), told.text_content()
    slider.press("ArrowRight")
    for _ in range(PATIENCE // 100):  # the kernel draws it
        if found[0] != first[0]:
            break
        page.wait_for_timeout(100)
        found = figure.locator("img").get_attribute("src"), told.text_content()
    return first, found


def _parameters(notebook):
    return next(cell.source for cell in notebook.cells if "parameters" in cell.metadata.get("tags", []))


def _sources():
    return {path: path.read_bytes() for path in sorted((CHECKOUT / "book").rglob("*.py"))}


def test_a_chapter_is_run_changed_and_run_again_and_the_book_stays_as_it_is(lab, opened):
    folder, before = lab[0], _sources()
    copy = folder / f"{CHAPTER}.ipynb"
    parameters = _parameters(nbformat.read(copy, as_version=4))
    small = parameters.replace('"demo"', '"smoke"')
    codes = sum(cell.cell_type == "code" for cell in nbformat.read(copy, as_version=4).cells)
    _write(opened, 'SCALE = "demo"', small)
    first = _run_all(opened, copy, codes)
    _write(opened, 'SCALE = "smoke"', small.replace("SEED = 0", "SEED = 3"))
    second = _run_all(opened, copy, 2 * codes)
    assert _parameters(first) == small != _parameters(second)
    for shown in (_pictures, _tables):
        assert shown(first) and shown(first) != shown(second)
    (picture, words), (other_picture, other_words) = _turn_a_knob(opened)
    assert picture != other_picture and words != other_words
    assert _sources() == before


def test_a_wrong_parameter_is_answered_in_sight_below_the_cell_that_refuses_it_in_one_sentence(lab, opened):
    parameters = _parameters(nbformat.read(lab[0] / f"{CHAPTER}.ipynb", as_version=4))
    scale = re.search(r"SCALE = .*", parameters).group()
    _write(opened, scale, parameters.replace(scale, 'SCALE = "smole"'))
    _menu(opened, "Run", re.compile("^Run All Cells"))
    refusal = opened.locator(".jp-OutputArea-output", has_text="ArgumentError")
    refusal.wait_for()
    message, line = refusal.inner_text().strip().splitlines()
    assert message == "ArgumentError: scale='smole' is unknown; choose one of smoke, demo, course, paper"
    assert re.fullmatch(r"in line \d of this cell: check_scale\(SCALE\)", line)
    # Running all ends at the last cell, many screens below.
    sync_api.expect(refusal).to_be_in_viewport(ratio=1)
    sync_api.expect(opened.locator(".jp-mod-active .jp-OutputArea-output")).to_contain_text("ArgumentError")


def test_the_browser_shows_chapters_and_students_versions_and_nothing_else(lab, opened):
    names = opened.locator(".jp-DirListing-itemText").all_inner_texts()
    assert set(names) == {path.name for path in lab[0].iterdir() if path.name[0] != "."}
    assert all(name == "students" or re.fullmatch(r"\d\d_\w+\.ipynb", name) for name in names)


def test_the_first_page_leads_to_the_chapters_by_their_titles_and_to_those_without_solutions(lab, opened):
    page, chapters = opened, sorted(path.stem for path in lab[0].glob("*.ipynb"))
    page.goto(f"{lab[1]}/workspaces/new?token={TOKEN}")
    rows = page.locator("#outlier-exposure-book-first-page li")
    rows.first.wait_for()
    row = re.compile(r"(\d+)\. .+ · without solutions\n.+\?")  # title and question
    numbers = [row.fullmatch(text.strip())[1] for text in rows.all_inner_texts()]
    assert [int(number) for number in numbers] == [int(name[:2]) for name in chapters]
    assert page.locator(".jp-Launcher, .jp-LauncherCard").count() == 0  # nothing but chapters
    for which, place in (("first", CHAPTER), ("last", f"students/{CHAPTER}")):
        getattr(rows.nth(chapters.index(CHAPTER)).locator("a"), which).click()
        page.locator(f".lm-TabBar-tab[title^='Name: {CHAPTER}.ipynb\\aPath: {place}.ipynb']").wait_for()
        page.get_by_role("tab", name="Chapters").click()
