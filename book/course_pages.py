"""The tables in the pages of the course that follow from the chapters and from the measured results.

`python book/course_pages.py` writes them again, between their marks in `course/*.md`; a test holds them against both.
"""

if __name__ == "__main__":  # before the imports, which take seconds: it can be stopped in them, too
    from ending import program

    program("course_pages")


import re
from collections.abc import Callable
from pathlib import Path

from chapters import find_chapters, read_chapter, usual_seconds
from lessons import session_rows
from questions import exercises

from oe_core.atomic import write_text
from oe_core.paper import results

BOOK = Path(__file__).parent
# What a class may expect of the larger scales: (source in runs/reference, table, metric).
EXPECTED = (
    ("cifar10-paper", 7, "AUROC"), ("cifar10-course", 7, "AUROC"), ("cifar10-course", 7, "FPR95"),
    ("svhn-course", 7, "AUROC"), ("cifar100-course", 7, "AUROC"),
    ("places-course", 7, "AUROC"), ("tiny-imagenet-course", 7, "AUROC"),
    ("nlp-20newsgroups", 8, "AUROC"), ("nlp-trec", 8, "AUROC"), ("nlp-sst", 8, "AUROC"),
    ("branch-cifar10", 3, "AUROC"), ("gan-cifar10", 4, "AUROC"), ("density-cifar10", 5, "AUROC"),
    ("density-cifar10-letters", 5, "AUROC"), ("lm-ptb-words", 11, "AUROC"), ("lm-ptb-characters", 11, "AUROC"),
    ("calibration-cifar10", 12, "RMS"), ("calibration-cifar10-code", 12, "RMS"),
    ("allconv-svhn", 9, "AUROC"), ("allconv-cifar10", 9, "AUROC"), ("allconv-cifar100", 9, "AUROC"),
    ("allconv-tiny-imagenet", 9, "AUROC"), ("mnist", 7, "AUPR"),
)  # fmt: skip


def exercise_table() -> str:
    """A row for each chapter: its minutes at scale demo, first and again, and its exercises with their minutes."""
    first, again = usual_seconds(BOOK), usual_seconds(BOOK, "again")
    rows = ["| chapter | runs for | with its networks there | exercises |", "| --- | ---: | ---: | --- |"]
    for name, path in find_chapters(BOOK).items():
        asked = (
            f"{one.number} {one.title} ({one.difficulty.lower()}, {one.minutes} min)" if one.difficulty
            else f"{one.number} {one.title}" for one in exercises(read_chapter(path).notebook)
        )  # fmt: skip
        minutes = (f"{seconds[name] / 60:.1f} min" if name in seconds else "" for seconds in (first, again))
        rows.append(f"| `{name}` | {' | '.join(minutes)} | {'; '.join(asked)} |")
    return "\n".join(rows)


def session_table() -> str:
    """A row for each session of the syllabus: the minutes of its chapters, first and again, and of its exercises."""
    chapters = {int(name.split("_")[0]): (name, path) for name, path in find_chapters(BOOK).items()}
    first, again = usual_seconds(BOOK), usual_seconds(BOOK, "again")
    rows = ["| session | chapters | run for | with their networks there | exercises |",
            "| ---: | --- | ---: | ---: | ---: |"]  # fmt: skip
    for row in session_rows():
        session, _, in_class, _, asked, _ = (cell.strip() for cell in row.strip("|").split("|"))
        # "chapter 11 to 11.8", "4.1 to 4.7; 5.1 to 5.6": a number with its decimals is a section of its chapter.
        taught = sorted({int(number) for number in re.findall(r"\b(\d+)(?:\.\d+)?", in_class)})
        minutes = 0
        for of, numbers in re.findall(r"(\d+): ([\d, ]+)", asked):
            known = {one.number: one.minutes or 0 for one in exercises(read_chapter(chapters[int(of)][1]).notebook)}
            minutes += sum(known[int(number)] for number in numbers.replace(" ", "").strip(",").split(","))
        took = (sum(seconds[chapters[number][0]] for number in taught) / 60 for seconds in (first, again))
        cells = [session, ", ".join(map(str, taught)), *(f"{one:.1f} min" for one in took), f"{minutes} min"]
        rows.append(f"| {' | '.join(cells)} |")
    return "\n".join(rows)


def expected_table() -> str:
    """A row for each of EXPECTED: means over the out-distributions of each method, percent, with their spread.

    The spread is the standard deviation over trainings, or over draws where there is one training.
    """
    found = {source.name: source for source in results.sources(results.REFERENCE)}
    rows = ["| source | table | metric | trainings | first method, then the others |",
            "| --- | ---: | --- | ---: | --- |"]  # fmt: skip
    for name, table, metric in EXPECTED:
        records = found[name].records
        chosen = records[(records["table"] == table) & (records["metric"] == metric)]
        means = chosen.groupby(["method", "seed", "draw"], sort=False)["value"].mean()
        cells = []
        for method in means.index.unique("method"):
            by_draw = means.loc[method]
            by_seed = by_draw.groupby("seed").mean()
            spread = (by_seed if len(by_seed) > 1 else by_draw).std()
            cells.append(f"{method} {by_seed.mean():.1f} ±{spread:.1f}{'' if len(by_seed) > 1 else ' draws'}")
        trainings = chosen["seed"].nunique()
        rows.append(f"| `{name}` | {table} | {metric} | {trainings} | {', '.join(cells)} |")
    return "\n".join(rows)


TABLES: dict[str, Callable[[], str]] = {
    "sessions": session_table, "exercises": exercise_table, "expected": expected_table,
}  # fmt: skip


def with_tables(page: str) -> str:
    """Return a page with each of its tables as it is now; ValueError for a mark of a table that is unknown."""

    def table(found: re.Match) -> str:
        if found["name"] not in TABLES:
            raise ValueError(f"table {found['name']!r} is unknown; choose one of {', '.join(TABLES)}")
        return f"<!-- table: {found['name']} -->\n\n{TABLES[found['name']]()}\n\n<!-- end -->"

    return re.sub(r"<!-- table: (?P<name>\w+) -->.*?<!-- end -->", table, page, flags=re.DOTALL)


def main() -> int:
    """Write every page of the course with its tables as they are now."""
    for path in sorted((BOOK / "course").glob("*.md")):
        write_text(path, with_tables(path.read_text(encoding="utf-8")))
        print(path.relative_to(BOOK))
    return 0

