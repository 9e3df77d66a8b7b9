"""The quiz of each chapter, as HTML that needs no script and no server: an option tapped says why."""

import tomllib
from dataclasses import dataclass
from html import escape
from pathlib import Path

QUIZ = Path(__file__).parent / "course" / "quiz.toml"
OPTIONS = 4  # of each question


@dataclass(frozen=True)
class Option:
    """One answer that is offered; because: why it is right, or where it errs."""

    says: str
    because: str
    right: bool = False


@dataclass(frozen=True)
class Question:
    """A question with its options, of which one is right; a ValueError says which rule is broken."""

    asks: str
    options: tuple[Option, ...]

    def __post_init__(self):
        rights = sum(option.right for option in self.options)
        if len(self.options) != OPTIONS or rights != 1:
            raise ValueError(f"{self.asks!r} has {len(self.options)} options, {rights} right; need {OPTIONS} and 1")
        if blank := [option.says for option in self.options if not (option.says.strip() and option.because.strip())]:
            raise ValueError(f"{self.asks!r}: option {blank[0]!r} needs words, and an explanation")


def read_quiz(path: Path = QUIZ) -> dict[str, tuple[Question, ...]]:
    """Return the questions by chapter, in the file's order; a ValueError names the file and what is wrong with it."""
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
        return {
            chapter: tuple(Question(one["asks"], tuple(Option(**option) for option in one["options"])) for one in asked)
            for chapter, asked in tables.items()
        }
    except (ValueError, TypeError, KeyError) as error:
        raise ValueError(f"{path}: {error}; need [[NN_name]] with asks and options of says, because, right") from error


def quiz_section(questions: tuple[Question, ...]) -> str:
    """Return the questions as one list: options fold out, and open with whether they are right and why."""
    items = "".join(f"<li><p>{escape(one.asks)}</p>{''.join(map(_folded, one.options))}</li>" for one in questions)
    return f'<ol class="quiz">{items}</ol>'


def _folded(option: Option) -> str:
    verdict = "Right." if option.right else "No."
    said = f"<p><strong>{verdict}</strong> {escape(option.because)}</p>"
    return f"<details><summary>{escape(option.says)}</summary>{said}</details>"
