"""Sphinx's settings: pages that need no network, and run nothing."""

import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent), str(HERE.parents[1])]

project = "Outlier Exposure: an experiment book"
author = "The authors of the Outlier Exposure experiment book"
html_title = "The Outlier Exposure book"
language = "en"

extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinxcontrib.bibtex",
    "mathml",
    "crosslinks",
    "dress",
]
exclude_patterns = ["_made", "files", "**.ipynb_checkpoints"]
html_static_path = [str(HERE / "_static")]

nb_execution_mode = "off"
nb_render_markdown_format = "myst"
nb_ipywidgets_js = {}  # its default is two scripts from the network
nb_code_prompt_show = "Show the code"
nb_code_prompt_hide = "Hide the code"
nb_mime_priority_overrides = [("html", "text/markdown", 0)]
myst_enable_extensions = ["dollarmath", "amsmath", "deflist", "colon_fence"]
myst_heading_anchors = 4

html_math_renderer = "mathml"
bibtex_bibfiles = [str(HERE / "references.bib")]
bibtex_default_style = "unsrt"

autodoc_member_order = "bysource"
autodoc_typehints = "none"  # docstrings say shapes, units and ranges
autodoc_preserve_defaults = True
default_role = "code"
add_module_names = False

html_theme = "sphinx_book_theme"
html_css_files = ["book.css"]
html_js_files = ["book.js"]
html_copy_source = False
html_use_index = False
html_domain_indices = False
html_show_sourcelink = False
html_show_copyright = False
html_context = {"default_mode": "auto"}
html_theme_options = {
    "home_page_in_toc": True,
    "use_download_button": False,
    "use_fullscreen_button": False,
    "use_issues_button": False,
    "navbar_persistent": [],
    "footer_content_items": [],
    "show_toc_level": 2,
    "show_navbar_depth": 1,
    "pygments_light_style": "a11y-high-contrast-light",
    "pygments_dark_style": "a11y-high-contrast-dark",
    "toc_title": "On this page",
}
