"""Sentences of the docstrings in an installed package's files, which are parsed and never imported.

Kept are the sentences of prose paragraphs, in lower case, words and punctuation apart: no parameter lists, doctests,
tables, headings, directives, code blocks, formulas or addresses. A dotted name is written by its last part
(`np.linalg.norm` as "norm"), underscores are blanks. The names of packages are dropped: they would give labels away.
"""

import ast
import gc
import inspect
import re
import sysconfig
import warnings
from collections.abc import Callable, Iterable, Iterator
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path

import numpy as np

from oe_core.data.sentences import sentences

STDLIB = "the standard library"
FEWEST, MOST = 4, 40  # tokens of a sentence that is kept
WORD_SHARE = 0.75  # of its tokens, at least, end in a letter
MOST_OF_A_FILE = 60  # sentences: one long file must not fill a set
# Not the package's own prose: tests, copies of other packages, programs around the library.
SKIPPED_FOLDERS = re.compile(
    r"_?tests?|_?testing|_?vendor(ed)?|_?extern(al)?s?|(dist|site)-packages|array_api_\w+|_?generated|_numpy|"
    r"benchmarks?|examples?|idlelib|lib2to3|ensurepip|turtledemo|pydoc_data|__pycache__"
)
# Any word with the name of a package in it ("torchscript"), and the names under which they are imported.
PACKAGE_NAMES = re.compile(
    r"\b(\w*(numpy|scipy|scikit(-learn)?|sklearn|torch|networkx|sympy|pandas|matplotlib|ipython|jupyter)\w*|"
    r"np|nx|pd|mpl|plt|pyplot)\b('s\b)?"
)
LIST_SECTIONS = re.compile(
    r"(Other |Additional )?(Parameters?|Attributes?|Methods)|Returns?|Yields?|Receives?|Raises?|Warns?|See Also|"
    r"References?|Examples?|Arguments|Options|Keywords?",
    re.IGNORECASE,
)
UNDERLINE = re.compile(r"([-=~^*#\"'`_+])\1{2,}\s*")
# What begins a line that is no prose: a doctest, a directive or footnote, a field, an item, a table, a list's name.
NO_PROSE = re.compile(
    r">>>|\.\.|:\w|[-*+•o] |\d+[.)] |\(?\w\) |[|+=@#%$\\<{\[]|"
    r"(arg\w*|param\w*|returns?|raises?|yields?|usage|example\w*|see also|todo|references?) ?:",
    re.IGNORECASE,
)
# What a sentence may not hold: addresses, references, and the signs of formulas and code.
NO_WORDS = re.compile(r"https?:|www\.|\w@\w|\.(org|com|io)\b|\b(doi|arxiv|isbn)\b|\[\d+\]|[=\\{}<>|^]", re.IGNORECASE)
ROLE = re.compile(r":[\w:+-]+:(?=`)")
TARGET = re.compile(r"`([^`<]+?)\s*<[^`>]*>`_*")
MARKUP = re.compile(r"`+_{0,2}|\*+|(?<=\w)\(\)")
BEFORE_LAST_PART = re.compile(r"(?<![\w.])~?\.?[A-Za-z_]\w*(\.[A-Za-z_]\w*)*\.(?=[A-Za-z_])")
TOKEN = re.compile(r"\d+\.\d+|\w+(?:'\w+)*|[^\w\s]")
# Statements of one line that show what code looks like.
STATEMENTS = (ast.Assign, ast.AugAssign, ast.Return, ast.Raise, ast.Assert, ast.Expr)


def is_installed(package: str) -> bool:
    """Whether the top-level `package` (or STDLIB) is there; it is not imported."""
    return package == STDLIB or find_spec(package) is not None


def package_home(package: str) -> Path:
    """The file that was written when a top-level `package` (or STDLIB) was installed: its `__init__.py`, or `os.py`.

    Raises ImportError naming the package when it is not installed.
    """
    if not is_installed(package):
        raise ImportError(f"data sets are made of the installed files of {package}; install {package}")
    return Path(sysconfig.get_path("stdlib"), "os.py") if package == STDLIB else Path(find_spec(package).origin)


def python_files(package: str) -> list[Path]:
    """The .py files of a top-level `package` (or of STDLIB), sorted, those in skipped folders left out.

    Raises ImportError as `package_home`.
    """
    folder = package_home(package).parent
    paths = [path.relative_to(folder) for path in Path(folder).rglob("*.py")]
    names = (path.as_posix() for path in paths if not any(map(SKIPPED_FOLDERS.fullmatch, path.parts[:-1])))
    return [Path(folder, name) for name in sorted(names)]


def docstring_sentences(package: str, count: int) -> tuple[str, ...]:
    """The first `count` different sentences of `package`'s docstrings, or all there are, its files in a drawn order.

    Of a file, at most 60 drawn ones are taken, and files after the last one needed are not read.
    """
    return _gathered(package, count, lambda source: map(prose_sentences, docstrings(source)))


def docstring_blocks(package: str, count: int) -> tuple[str, ...]:
    """As `docstring_sentences`, of what stands between two empty lines, each as one line and nothing left out.

    Prose, headings, lists of parameters, doctests and tables alike, with capitals, markup and punctuation.
    """
    return _gathered(package, count, lambda source: map(raw_blocks, docstrings(source)))


def code_lines(package: str, count: int) -> tuple[str, ...]:
    """As `docstring_sentences`, of statements that fill one line, in the same kind of tokens."""
    return _gathered(package, count, lambda source: [statements(source)])


def _gathered(package: str, count: int, read: Callable[[bytes], Iterable[Iterable[str]]]) -> tuple[str, ...]:
    found: dict[str, None] = {}  # for its order
    rng, paths = np.random.default_rng(0), python_files(package)
    for index in rng.permutation(len(paths)):
        new = list(dict.fromkeys(text for texts in read(paths[index].read_bytes()) for text in texts))
        found.update((new[chosen], None) for chosen in np.sort(rng.permutation(len(new))[:MOST_OF_A_FILE]))
        if len(found) >= count:
            break
    return tuple(found)[:count]


def docstrings(source: bytes) -> Iterator[str]:
    """The docstrings of a file's module, classes and functions, in its order, without their indentation.

    None of a file without any triple quotes: it is hardly documented and not worth the parsing.
    """
    todo = [_tree(source)] if b'"""' in source or b"'''" in source else []
    while todo:
        node = todo.pop()
        if docstring := ast.get_docstring(node, clean=False):
            yield inspect.cleandoc(docstring)
        inner = (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
        todo.extend(child for child in reversed(node.body) if isinstance(child, inner))


def statements(source: bytes) -> Iterator[str]:
    """A file's assignments, calls, returns and errors of one line and 4 to 40 tokens, separated by single blanks."""
    lines = source.splitlines()
    for node in ast.walk(_tree(source)):
        if isinstance(node, STATEMENTS) and node.lineno == node.end_lineno:
            tokens = _tokens(lines[node.lineno - 1][node.col_offset : node.end_col_offset].decode(errors="replace"))
            if FEWEST <= len(tokens) <= MOST and not isinstance(getattr(node, "value", None), ast.Constant):
                yield " ".join(tokens)


def _tree(source: bytes) -> ast.Module:
    """The parsed file, empty where this Python cannot parse it: packages carry files for other versions."""
    collecting = gc.isenabled()
    gc.disable()  # else a quarter of the time goes into walking the growing tree, which holds no cycles
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about the escapes in other people's strings
            return ast.parse(source)
    except SyntaxError:
        return ast.Module([], [])
    finally:
        if collecting:
            gc.enable()


def prose_sentences(docstring: str) -> list[str]:
    """The sentences of a docstring that are kept, in order, tokens separated by single blanks."""
    found = sentences(map(_plain, paragraphs(docstring)), clinging=True)
    return [" ".join(tokens) for sentence in found if _kept(sentence, tokens := _tokens(sentence))]


def raw_blocks(docstring: str) -> list[str]:
    """The blocks of a docstring between empty lines, in order, every run of blanks and line breaks made one blank."""
    return [" ".join(block.split()) for block in re.split(r"\n\s*\n", docstring) if block.strip()]


def paragraphs(docstring: str) -> Iterator[str]:
    """The paragraphs of prose at a docstring's outer margin, each as one line, without those below a list's heading."""
    listing, blocks = False, [[]]
    for line, below in pairwise([*docstring.splitlines(), ""]):
        if UNDERLINE.fullmatch(below) and line.strip():
            listing = LIST_SECTIONS.fullmatch(line.strip().rstrip(":")) is not None
        elif UNDERLINE.fullmatch(line) or not line.strip():
            blocks.append([])
        elif not listing:
            blocks[-1].append(line)
    for block in blocks:
        if block and not any(line[0].isspace() or NO_PROSE.match(line) for line in block):
            yield " ".join(line.strip() for line in block)


def _plain(text: str) -> str:
    """`text` without the markup of reStructuredText, abbreviations that hold full stops written out."""
    text = text.replace("e.g.", "for example").replace("i.e.", "that is")
    return BEFORE_LAST_PART.sub("", MARKUP.sub("", TARGET.sub(r"\1", ROLE.sub("", text))))


def _tokens(text: str) -> list[str]:
    return TOKEN.findall(PACKAGE_NAMES.sub(" ", text.lower().replace("_", " ")))


def _kept(sentence: str, tokens: list[str]) -> bool:
    words = sum(token[-1].isalpha() for token in tokens)
    enough = FEWEST <= len(tokens) <= MOST and words >= WORD_SHARE * len(tokens)
    return enough and sentence[-1] in ".?!" and not NO_WORDS.search(sentence)
