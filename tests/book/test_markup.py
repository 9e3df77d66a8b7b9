"""Formulas as MathML, and Markdown around them."""

import re

from markup import as_html, mathml


def _text(html):
    return re.sub(r"<[^>]+>", "", html)


def test_an_escaped_line_in_words_is_a_line():
    assert _text(mathml(r"\text{num\_pixels}", "inline")) == "num_pixels"


def test_a_function_stands_apart_from_what_it_is_of():
    assert '<mi>log</mi><mspace width="0.17em"/><mi>x</mi>' in mathml(r"\log x", "inline")


def test_markdown_has_formulas_in_its_lines_and_in_boxes_long_ones_marked():
    assert re.search(r"<p>Let <math [^>]*display=\"inline\"", as_html("Let $x$ be."))
    short, long = (as_html(f"$${'x + ' * times}1$$") for times in (2, 40))
    assert '<div class="formula"><math' in short and '<div class="formula long"><math' in long
