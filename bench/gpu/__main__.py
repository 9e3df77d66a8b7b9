"""`make gpu-check`, or `python -m bench.gpu [--only agreement|speed] [--report FOLDER]`: what this GPU does.

Needs torch, torchvision, numpy and what else the library itself needs, but no data and no network. The exit status is 1
where anything is wrong; a missed goal alone is not.
"""

import argparse
import json
import time
import traceback
from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from pathlib import Path

import torch

from bench.gpu.agreement import TOLERANCES, agreement
from bench.gpu.speed import speed
from bench.gpu.work import RANDOM, SMALL, TIMED, Timed
from bench.timing import bfloat16_peak, seconds_of
from oe_core.devices import default_device
from oe_core.recipe import Recipe
from oe_core.runs.provenance import device_facts

SECTIONS = ("agreement", "speed")


def bandwidth(device: torch.device, count: int = 2**31) -> float:
    """Bytes a second of a large copy on the device, read and written."""
    source = torch.empty(count, dtype=torch.uint8, device=device)
    target = torch.empty_like(source)
    seconds_of(lambda: target.copy_(source), device, repeats=3)
    return 2 * count / seconds_of(lambda: target.copy_(source), device, repeats=10)


class Report:
    """Lines of Markdown that are printed and, with a folder, kept in it, with the numbers behind them, as they come."""

    def __init__(self, folder: Path | None, facts: dict):
        self.folder, self.lines, self.failed = folder, [], []
        self.numbers = facts | {section: [] for section in SECTIONS}
        if folder:
            folder.mkdir(parents=True, exist_ok=True)

    def say(self, line: str) -> None:
        """Print and keep a line."""
        print(line, flush=True)
        self.lines.append(line)
        if self.folder:
            (self.folder / "report.md").write_text("\n".join(self.lines) + "\n")
            (self.folder / "report.json").write_text(json.dumps(self.numbers, indent=1) + "\n")

    def table(self, section: str, header: list[str], tries: dict[str, Callable]) -> None:
        """One row for each try, which returns numbers, cells and whether all is well; an error makes a row, too."""
        begun = time.monotonic()
        self.say("| " + " | ".join(header) + " |")
        self.say("| --- |" + " ---: |" * (len(header) - 2) + " --- |")
        for name, attempt in tries.items():
            try:
                numbers, cells, well = attempt()
            except Exception as error:
                traceback.print_exc()
                said = f"{type(error).__name__}: {str(error).splitlines()[0]}"
                cells, well = [""] * (len(header) - 2) + [said], False
            else:
                self.numbers[section].append(numbers)
            self.failed += [] if well else [name]
            self.say("| " + " | ".join([name, *cells]) + " |")
        self.say(f"\n{time.monotonic() - begun:.0f} s\n")


def tried(name: str, recipe: Recipe, device: torch.device) -> tuple[dict, list[str], bool]:
    """A row on whether one kind of network is right."""
    result = agreement(name, recipe, device, comparable=name in SMALL)
    cells = [f"{result.distances[of]:.1e}" if of in result.distances else "" for of in TOLERANCES]
    remarks = result.problems or ["fine"] + ([] if result.captured else sorted(set(result.waits)))
    return asdict(result), [*cells, "; ".join(remarks)], not result.problems


def timed_row(timed: Timed, device: torch.device, peak: float) -> tuple[dict, list[str], bool]:
    """A row on how fast one training is. A missed goal is a finding and no fault."""
    result = speed(timed, device)
    torch._dynamo.reset()
    numbers = {"seconds": result.seconds} | asdict(result)
    numbers["timed"] |= {"recipe": timed.recipe.to_json()}
    cells = [
        f"{1000 * result.step:.2f}", f"{1000 * result.device:.2f}",
        ", ".join(f"{epochs}: {result.seconds[epochs]:.1f} ({goal:g})" for epochs, goal in timed.goals),
        f"{result.flops / result.step / peak:.0%}", f"{result.memory / 2**30:.1f}", f"{result.start:.0f}",
        result.bound(peak),
    ]  # fmt: skip
    return numbers, cells, True


def main(arguments: list[str] | None = None) -> int:
    """Check, print, and write the report; the exit status."""
    parser = argparse.ArgumentParser(prog="python -m bench.gpu", description=__doc__)
    parser.add_argument("--only", choices=SECTIONS, help="one section")
    parser.add_argument("--names", nargs="+", default=[""], help="only what has one of these words in its name")
    parser.add_argument("--report", type=Path, help="write report.md and report.json into this folder")
    given = parser.parse_args(arguments)
    if not torch.cuda.is_available():
        parser.error("torch sees no CUDA device; `python -m bench` measures a CPU")

    def chosen(name: str) -> bool:
        return any(word in name for word in given.names)

    device = default_device()
    report = Report(given.report, {"device": device_facts(device), "torch": torch.__version__})
    report.say(f"{torch.cuda.get_device_name(device)}, torch {torch.__version__}, CUDA {torch.version.cuda}\n")
    if given.only != "speed":
        header = ["network", *(f"{of}, at most {most:g}" for of, most in TOLERANCES.items()), ""]
        tries = {
            name: partial(tried, name, recipe, device) for name, recipe in (SMALL | RANDOM).items() if chosen(name)
        }
        report.table("agreement", header, tries)
    if given.only != "agreement":
        peak, copied = bfloat16_peak(device), bandwidth(device)
        report.numbers |= {"bfloat16_peak": peak, "bandwidth": copied}
        report.say(f"bfloat16 peak: {peak / 1e12:.0f} TFLOP/s (8192 x 8192); copies: {copied / 1e12:.2f} TB/s\n")
        header = [
            "training",
            "ms a step",
            "the GPU alone",
            "epochs: s (goal)",
            "of the bf16 peak",
            "GiB",
            "s to start",
            "",
        ]
        tries = {timed.name: partial(timed_row, timed, device, peak) for timed in TIMED if chosen(timed.name)}
        report.table("speed", header, tries)
    if report.failed:
        report.say(f"to be looked at: {', '.join(report.failed)}")
    return 1 if report.failed else 0


if __name__ == "__main__":
    raise SystemExit(main())
