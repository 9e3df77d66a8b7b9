"""The site of a book that was built before: where it lies, and its pages. OE_TEST_BOOK is the folder of its scale."""

import os
from pathlib import Path

BUILT = os.environ.get("OE_TEST_BOOK", "")
# A browser beside other work may need longer than Playwright's half minute for a page.
PATIENCE_MS = 120_000
DESK = {"width": 1280, "height": 800}
NO_PAGES = {"files", "slides", "_static", "_sources", "_images"}


def built_site():
    """The folder of the site, whether it is there or not."""
    return Path(BUILT).resolve() / "site"


def built_pages():
    """Every page of the site, by its path, none where there is no site; downloads and slides are no pages."""
    if not BUILT:
        return []
    found = (path.relative_to(built_site()) for path in sorted(built_site().rglob("*.html")))
    return [path.as_posix() for path in found if path.parts[0] not in NO_PAGES]
