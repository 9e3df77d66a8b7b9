"""How a build speaks: a bar for each running chapter on a terminal, plain lines where the output goes elsewhere."""

import re
import threading
import time
from typing import TextIO

from tqdm import tqdm

# Colours, movements of the cursor, and links.
TERMINAL_CODES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\))")
SECONDS_BETWEEN_LINES = 5.0
CHAPTER_BAR = "  {desc} {n_fmt}/{total_fmt} |{bar:12}| {elapsed}{postfix}"


def replace_what_cannot_be_shown(*streams: TextIO) -> None:
    """Let `streams` write "?" for a sign that their encoding lacks, where they would raise an error."""
    for stream in streams:
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")


class Progress:
    """Shows which chapters run and how far they are; used by several threads at a time."""

    def __init__(self, chapters: int, stream: TextIO):
        self.stream, self.chapters = stream, chapters
        self.terminal = stream.isatty()
        self.done = 0
        self.running: dict[str, Running] = {}
        self.lock = threading.RLock()
        self.bar = self._bar(total=chapters, unit="chapter") if self.terminal else None

    def _bar(self, **options) -> tqdm:
        return tqdm(file=self.stream, dynamic_ncols=True, **options)

    def say(self, text: str) -> None:
        """Print whole lines, above the bars where there are any."""
        with self.lock:
            if self.bar is not None:
                self.bar.write(text, file=self.stream)
            else:
                print(TERMINAL_CODES.sub("", text), file=self.stream, flush=True)

    def start(self, name: str, reason: str) -> None:
        """Begin a chapter; `reason` says why it is built."""
        with self.lock:
            self.say(f"{name}: building, {reason}")
            bar = self._bar(total=0, desc=name, leave=False, bar_format=CHAPTER_BAR) if self.terminal else None
            self.running[name] = Running(name, bar, time.monotonic())

    def cell(self, name: str, number: int, cells: int) -> None:
        """Cell `number` of `cells` of a chapter starts."""
        with self.lock:
            running = self.running[name]
            running.where, running.last_line = (number, cells), ""
            self._show(running)

    def line(self, name: str, text: str) -> None:
        """A cell of a chapter left the line `text` on its stderr."""
        with self.lock:
            self.running[name].last_line = text
            self._show(self.running[name])

    def finish(self, name: str, outcome: str) -> None:
        """End a chapter with its outcome, for example "done in 12 s"."""
        with self.lock:
            self.done += 1
            self.take_away(name)
            self.say(f"[{self.done}/{self.chapters}] {name}: {outcome}")
            if self.bar is not None:
                self.bar.update(1)

    def take_away(self, name: str) -> None:
        """Show a chapter no longer."""
        running = self.running.pop(name, None)
        if running is not None and running.bar is not None:
            running.bar.close()

    def close(self) -> None:
        """Take the bars away."""
        with self.lock:
            for name in list(self.running):
                self.take_away(name)
            if self.bar is not None:
                self.bar.close()

    def _show(self, running: "Running") -> None:
        now, (number, cells) = time.monotonic(), running.where
        if running.bar is not None:
            running.bar.total, running.bar.n = cells, number
            running.bar.set_postfix_str(running.last_line[:60])
        elif now - running.shown >= SECONDS_BETWEEN_LINES:
            running.shown = now
            said = f": {running.last_line[:100]}" if running.last_line else ""
            seconds = now - running.started
            line = f"      {running.name} cell {number} of {cells}, {seconds:.0f} s{said}"
            print(line, file=self.stream, flush=True)


class Running:
    """A chapter that runs: its bar on a terminal, its cell as (number, all), and the last line that it left."""

    def __init__(self, name: str, bar: tqdm | None, now: float):
        self.name, self.bar, self.started, self.shown = name, bar, now, now
        self.where, self.last_line = (0, 0), ""
