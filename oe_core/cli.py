"""The command `oe`: train a detector on a folder, and ask it about files, lines or a stream."""

import argparse
import ast
import csv
import io
import json
import logging
import os
import sys
import warnings
from collections.abc import Iterator, Sequence
from inspect import signature
from pathlib import Path

from oe_core import __version__
from oe_core.errors import PrintableError, printable
from oe_core.wording import several

FAILED, INTERRUPTED = 2, 130
COMES_WITH = "pretrained:"
DETECTOR = f"folder of a saved detector, or {COMES_WITH}NAME of one that comes with the package, such as digits-oe"
TRAIN = """examples:
  oe train products -o products.oe                          class folders of pictures; outliers that need no download
  oe train products --outliers other-things -o products.oe --set steps=2000 --set size=64
  oe train questions.tsv --outliers anything.txt -o questions.oe              label<TAB>text in each line

Exit status: 0, or 1 if something that was checked does not hold; the detector is then saved all the same."""
DETECT = """examples:
  oe detect products.oe new-pictures > verdicts.csv
  oe detect products.oe one.jpg --exit-code && ship         ends with 1 if there is an anomaly
  find /camera -name '*.jpg' | oe detect products.oe - --json
  zcat log.gz | oe detect questions.oe -                    one text a line
  oe detect pretrained:digits-oe new-pictures               by a network that comes with the package

A text is named file:line. What cannot be read is named on stderr, and the rest is scored. Exit status: 0; 2 if
nothing could be read; with --exit-code 1 if an anomaly was found, else 2 if anything could not be read or nothing
came."""
THRESHOLD = """examples:
  oe threshold products.oe                                  what is set, and in which interval the true rate lies
  oe threshold products.oe --false-alarm-rate 0.01          set another, by the inliers that were held out
  oe threshold pretrained:digits-oe -o mine.oe              as a detector of your own, whose threshold can be set"""

EVALUATE = """examples:
  oe evaluate products.oe known-anomalies                   FPR95, AUROC and AUPR in percent, with 95 % intervals
  oe evaluate products.oe broken stained --in-dist products --outliers other-things -o report

Always on noise, or words at random, as well. With --in-dist also on anomalies made of inliers, near ones, and on
classes left out: for each of those another detector is trained, which takes as long as the first. Needs pandas, for -o
matplotlib.
"""


def parser() -> argparse.ArgumentParser:
    """Every command with its arguments."""
    top = argparse.ArgumentParser("oe", description="Detectors of anomalies, trained with Outlier Exposure.")
    top.add_argument("--version", action="version", version=f"oe_core {__version__}")
    commands = top.add_subparsers(required=True, metavar="command")

    def command(run, summary: str, epilog: str = "") -> argparse.ArgumentParser:
        made = commands.add_parser(
            run.__name__, help=summary, description=summary, epilog=epilog,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )  # fmt: skip
        made.set_defaults(run=run)
        return made

    asked = command(train, "Train a detector on examples of at least two classes.", TRAIN)
    asked.add_argument("folder", help="class folders of pictures, or a .tsv, .csv or .npz, or the name of a data set")
    asked.add_argument("--outliers", help="examples of anything else, in the same forms; labels do not matter")
    asked.add_argument("--held-out", help="examples to check and to set the threshold with; else a part of FOLDER")
    asked.add_argument("-o", "--output", metavar="DETECTOR", required=True, type=Path, help="folder to save it in")
    asked.add_argument("--false-alarm-rate", type=float, metavar="RATE", help="wanted; default: 0.05")
    asked.add_argument("--set", action="append", default=[], type=_setting, metavar="NAME=VALUE",
                       help="a setting other than follows from the data: steps, size, flip, seed, ...")  # fmt: skip
    asked = command(detect, "Say class, score and verdict of each example, as CSV: path,class,score,verdict.", DETECT)
    asked.add_argument("detector", type=_detector, help=DETECTOR)
    asked.add_argument(
        "examples", help="a folder, a file, a data set, or - for stdin: paths of pictures, or texts, one a line"
    )
    asked.add_argument("--json", action="store_true", help="a JSON object in each line, in place of CSV")
    asked.add_argument("--exit-code", action="store_true", help="end with 1 if there is an anomaly")
    asked = command(threshold, "Show the threshold, or set it for a wanted rate of false alarms.", THRESHOLD)
    asked.add_argument("detector", type=_detector, help=DETECTOR)
    asked.add_argument("--false-alarm-rate", type=float, metavar="RATE", help="such as 0.01")
    asked.add_argument("-o", "--output", metavar="DETECTOR", type=Path, help="folder to save it in; default: its own")
    asked = command(evaluate, "Measure what a detector catches and what it misses.", EVALUATE)
    asked.add_argument("detector", type=_detector, help=DETECTOR)
    asked.add_argument("anomalies", nargs="*", help="known anomalies: folders, files, or names of data sets")
    asked.add_argument("--in-dist", metavar="FOLDER", help="what it was trained on, for the sets made of it")
    asked.add_argument("--outliers", help="those it was trained with, if they were your own")
    asked.add_argument("--left-out", type=int, metavar="N", help="classes to train without; default: 3")
    asked.add_argument("-o", "--output", metavar="REPORT", type=Path, help="folder for tables and pictures of misses")
    asked = command(info, "Say what a detector is, what it was trained on, and what was checked.")
    asked.add_argument("detector", type=_detector, help=DETECTOR)
    return top


def _detector(text: str) -> Path:
    """The folder of the detector that is named."""
    name = text.removeprefix(COMES_WITH)
    if name == text:
        return Path(text)
    from oe_core.detector.pretrained import folder_of

    try:
        return folder_of(name)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def _setting(text: str) -> tuple[str, object]:
    name, equals, value = text.partition("=")
    if not equals:
        raise argparse.ArgumentTypeError(f"{text!r} is no setting; expected NAME=VALUE")
    try:
        return name, ast.literal_eval({"true": "True", "false": "False", "none": "None"}.get(value, value))
    except (ValueError, SyntaxError):
        return name, value


def train(options: argparse.Namespace) -> int:
    from oe_core.detector.detector import Detector
    from oe_core.detector.saved import check_place

    check_place(options.output)
    settings = dict(options.set)
    if taken := set(settings) & set(signature(Detector.fit).parameters):
        raise ValueError(f"--set {min(taken)}: is no setting of the training; see oe train --help")
    detector = Detector.fit(
        options.folder, options.outliers, held_out=options.held_out, false_alarm_rate=options.false_alarm_rate,
        store=_store(), **settings,
    )  # fmt: skip
    detector.save(options.output)
    for finding in detector.findings:
        if finding.holds:
            print(f"{finding.check}: {printable(str(finding))}")
    print(f"{detector.threshold or 'no threshold'}\nsaved as {printable(str(options.output))}")
    return int(not all(finding.holds for finding in detector.findings))


def _store():
    """Where trainings are kept; a bar shows them on a terminal, elsewhere a line says that one begins."""
    from tqdm import tqdm

    from oe_core.runs.store import Store
    from oe_core.scales import runs_root

    def progress(total: int, initial: int = 0, desc: str = "", **others) -> tqdm:
        if not sys.stderr.isatty():
            print(f"oe: training {printable(desc)}, {several('step', total - initial)}", file=sys.stderr)
        return tqdm(total=total, initial=initial, desc=desc, disable=None, **others)

    return Store(runs_root() / "own", progress=progress)


def detect(options: argparse.Namespace) -> int:
    from tqdm import tqdm

    from oe_core.detector.detector import ANOMALY, Detector

    detector, refused = Detector.load(options.detector), []

    def name(error: Exception) -> None:
        refused[:] = [error]  # the last; there may be any number
        print(f"oe: {error}", file=sys.stderr)

    if options.examples == "-" and sys.stdin is None:
        raise ValueError("-: stdin is closed; give a folder or a file")
    examples = sys.stdin.buffer if options.examples == "-" else detector.examples_of(options.examples)
    predictions, verdicts, lines = tqdm(detector.stream(examples, name), disable=None), set(), 0
    for line, verdict in _lines(predictions, options.json):
        print(line, flush=True)  # whoever waits for an answer gets it
        verdicts.add(verdict)
        lines += 1
    if refused and not verdicts - {""}:
        return FAILED
    if options.exit_code and lines == (not options.json):  # the heading alone
        print("oe: no example came, so that there is no answer for --exit-code", file=sys.stderr)
        return FAILED
    if options.exit_code and refused and ANOMALY not in verdicts:
        print("oe: not all could be read, so that there is no answer for --exit-code", file=sys.stderr)
        return FAILED
    return int(options.exit_code and ANOMALY in verdicts)


def _lines(predictions: Iterator, as_json: bool) -> Iterator[tuple[str, str]]:
    """Line and verdict of each prediction; before them a heading, which JSON does without."""
    fields = ("path", "class", "score", "verdict")
    if as_json:
        yield from ((json.dumps(dict(zip(fields, one, strict=True))), one.verdict) for one in predictions)
        return
    yield ",".join(fields), ""
    for one in predictions:
        yield _row(one), one.verdict


def _row(values: Sequence) -> str:
    row = io.StringIO()
    csv.writer(row, lineterminator="\r\n").writerow(values)  # what ends a line is quoted inside of a field
    return row.getvalue().removesuffix("\r\n")


def threshold(options: argparse.Namespace) -> int:
    from oe_core.detector.detector import Detector
    from oe_core.detector.pretrained import PRETRAINED
    from oe_core.detector.saved import CARD

    detector, output = Detector.load(options.detector), options.output or options.detector
    if options.false_alarm_rate is not None:
        detector.set_threshold(options.false_alarm_rate)
    if options.false_alarm_rate is not None or options.output:
        if PRETRAINED in output.resolve().parents:
            raise ValueError(f"{output.name} comes with the package and stays as it is; save another one with -o")
        if (output / CARD).exists() and output.resolve() != options.detector.resolve():
            raise ValueError(f"{output} holds another detector; choose a new folder, or remove it")
        detector.save(output)
    print(detector.threshold or f"no threshold is set; {len(detector.held_out_scores)} inliers were held out")
    return 0


def _named(sets: Sequence[str]) -> dict[str, str]:
    """Each by its last name, by the whole of what was written where two have the same."""
    names = [Path(one).resolve().name for one in sets]
    return {one if names.count(name) > 1 else name: one for name, one in zip(names, sets, strict=True)}


def evaluate(options: argparse.Namespace) -> int:
    from oe_core.detector.detector import Detector
    from oe_core.detector.report import check_place

    if options.output:
        check_place(options.output)
    detector = Detector.load(options.detector)
    report = detector.evaluate(
        _named(options.anomalies), in_dist=options.in_dist, outliers=options.outliers,
        left_out=options.left_out, store=_store(),
    )  # fmt: skip
    print(report.table.round(1).to_string(index=False, na_rep="-"))
    if options.output:
        report.save(options.output)
    return 0


def info(options: argparse.Namespace) -> int:
    from oe_core.detector.detector import Detector

    detector = Detector.load(options.detector)
    card, run, data = detector.card, detector.card["run"], detector.card["run"]["data"]
    shown = detector.recipe.outlier_limit or (data["outliers"] or {}).get("n")
    learned = detector.recipe.limit or data["inliers"]["n"] - detector.recipe.holdout
    outliers = f"{shown} of {data['outliers']['name']}" if data["outliers"] else "none"
    lines = {
        "detector": f"{detector.recipe.KIND}, network {detector.recipe.model}, {len(detector.classes)} classes: "
        + ", ".join([*detector.classes[:20], *["..."][: len(detector.classes) > 20]]),
        "trained on": f"{learned} examples of {data['inliers']['name']} for "
        f"{several('epoch', detector.recipe.epochs)}, {card['held_out']['n']} held out; outliers: {outliers}",
        "trained": f"{run['finished']} in {run['seconds']:.0f} s on {run['device']['name']}, {card['made_by']}",
        "threshold": detector.threshold or "none",
        **{f"{finding.check}{'' if finding.holds else ' (!)'}": finding for finding in detector.findings},
        **{f"terms of {name}": terms for name, terms in card.get("terms", {}).items()},
        **{
            f"on {row.pop('out_dist')}": ", ".join(f"{metric} {value:.1f} %" for metric, value in row.items())
            for row in card.get("evaluation", {}).get("out_dists", ())
        },
    }
    for name, said in lines.items():
        print(f"{name}: {printable(str(said))}")
    return 0


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; its exit status. Whatever is wrong with the input is said in a sentence, with status 2."""
    warnings.filterwarnings("ignore", "Image size .* exceeds limit")  # Pillow's; the reader has a bound of its own
    logging.basicConfig(format="oe: %(message)s", stream=sys.stderr)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            # Names of files are bytes, and go out as they came; where not all signs can be shown, their numbers are.
            unicode = (stream.encoding or "").lower().replace("-", "") == "utf8"
            stream.reconfigure(errors="surrogateescape" if unicode else "backslashreplace")
    options, arguments = argparse.Namespace(), sys.argv[1:] if arguments is None else arguments
    try:
        if "" in arguments:  # a variable without a value, which would be the working folder
            raise ValueError(f"argument {list(arguments).index('') + 1} is empty; expected a folder, a file or a name")
        parser().parse_args(arguments, options)
        return options.run(options)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # or Python complains when it closes it
        return FAILED if getattr(options, "exit_code", False) else 0  # who asks for an answer has not heard all
    except KeyboardInterrupt:
        print("oe: interrupted; the same call goes on where a training was saved", file=sys.stderr)
        return INTERRUPTED
    except (ValueError, OSError, ArithmeticError, ImportError, RuntimeError, MemoryError, PrintableError) as error:
        print(f"oe: {printable(' '.join(str(error).splitlines())) or type(error).__name__}", file=sys.stderr)
        return FAILED


if __name__ == "__main__":
    sys.exit(main())
