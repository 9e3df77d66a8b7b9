"""How a build speaks: one progress bar over the chapters on a terminal, plain lines where the output goes elsewhere."""

import re
import time
from typing import TextIO

from tqdm import tqdm

TERMINAL_CODES = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
SECONDS_BETWEEN_LINES = 5.0


class Progress:
    """Shows the chapter and the cell being run. As a file it takes a cell's stderr and keeps its last line to show."""

    def __init__(self, chapters: int, stream: TextIO):
        self.stream = stream
        self.terminal = stream.isatty()
        self.chapters = chapters
        self.done = 0
        self.bar = tqdm(total=chapters, file=stream, unit="chapter", dynamic_ncols=True) if self.terminal else None
        self._begin("")

    def _begin(self, name: str) -> None:
        self.name, self.where, self.last_line = name, "", ""
        self.started = self.shown = time.monotonic()

    def say(self, text: str) -> None:
        """Print whole lines, above the bar where there is one."""
        if self.bar is not None:
            self.bar.write(text, file=self.stream)
        else:
            print(TERMINAL_CODES.sub("", text), file=self.stream, flush=True)

    def start(self, name: str, reason: str) -> None:
        """Begin a chapter; `reason` says why it is built."""
        self._begin(name)
        self.say(f"[{self.done + 1}/{self.chapters}] {name}: building, {reason}")
        self._show(force=True)

    def cell(self, number: int, cells: int) -> None:
        """Cell `number` of `cells` starts."""
        self.where, self.last_line = f"cell {number} of {cells}", ""
        self._show()

    def write(self, text: str) -> int:
        """Take a piece of a cell's stderr: the last line that it leaves is what is shown."""
        lines = [line.strip() for line in re.split(r"[\r\n]", TERMINAL_CODES.sub("", text)) if line.strip()]
        if lines:
            self.last_line = lines[-1]
            self._show()
        return len(text)

    def flush(self) -> None:
        """Nothing is held back."""

    def finish(self, name: str, outcome: str) -> None:
        """End a chapter with its outcome, for example "done in 12 s"."""
        self.done += 1
        self.say(f"[{self.done}/{self.chapters}] {name}: {outcome}")
        if self.bar is not None:
            self.bar.set_postfix_str("")
            self.bar.update(1)

    def close(self) -> None:
        """Take the bar away."""
        if self.bar is not None:
            self.bar.close()

    def _show(self, force: bool = False) -> None:
        now = time.monotonic()
        if self.bar is not None:
            self.bar.set_postfix_str(" ".join(filter(None, (self.name, self.where, self.last_line)))[:120])
        elif self.where and (force or now - self.shown >= SECONDS_BETWEEN_LINES):
            self.shown = now
            said = f": {self.last_line[:100]}" if self.last_line else ""
            print(f"      {self.name} {self.where}, {now - self.started:.0f} s{said}", file=self.stream, flush=True)
