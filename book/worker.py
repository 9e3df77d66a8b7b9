"""A process that brings chapters up to date, one after the other: what `workers.py` starts and speaks to.

It reads one request a line from its standard input and writes what happens, one JSON a line, to its standard output.
When its input ends, because the build is done, was stopped or was killed, it ends its kernel and itself at once.
"""

import ast
import errno
import json
import logging
import os
import queue
import sys
import threading
import time
from datetime import datetime
from pathlib import Path
from types import SimpleNamespace

from chapters import find_chapters, read_chapter
from execute import kill_kernels, run_chapter
from papermill.exceptions import PapermillExecutionError
from progress import TERMINAL_CODES
from stamps import (
    damaged_outputs,
    journalled,
    judge,
    library_sha256,
    lock_path,
    notebook_path,
    pages,
    read_stamp,
    readable,
    stamp_path,
    state_sha256,
    trained,
    write_stamp,
)

from oe_core.atomic import JOURNAL, DamagedFileError, discard, exclusive, set_aside

TRACEBACK_LINES = 15
NO_ROOM = {os.strerror(number) for number in (errno.ENOSPC, errno.EDQUOT)}


class Report(logging.Handler):
    """Tells the build what happens: events, the lines that a cell leaves on stderr, and this process's warnings."""

    def __init__(self, stream):
        super().__init__(logging.WARNING)
        self.stream = stream
        self.peak_memory: int | None = None

    def tell(self, event: str, **facts) -> None:
        """Send one event."""
        self.stream.write(json.dumps({"event": event, **facts}) + "\n")
        self.stream.flush()

    def cell(self, number: int, cells: int) -> None:
        """Cell `number` of `cells` starts."""
        self.tell("cell", number=number, cells=cells)

    def write(self, text: str) -> int:
        """Take a piece of a cell's stderr; the last line that it leaves is told."""
        lines = TERMINAL_CODES.sub("", text).replace("\r", "\n").split("\n")
        for line in [line.strip() for line in lines if line.strip()][-1:]:
            self.tell("line", text=line)
        return len(text)

    def emit(self, record: logging.LogRecord) -> None:
        """Tell a warning."""
        self.tell("say", text=record.getMessage())


def bring_up_to_date(request: SimpleNamespace, report: Report) -> None:
    """Build the chapter of `request` unless that turns out to be needless, and tell how it ended.

    The lock is held for the run and its stamp: of two builds of one chapter at a time one waits, and then looks again.
    """
    name, out = request.name, Path(request.out)
    with exclusive(lock_path(out, name), f"building {name}"):
        chapter = read_chapter(Path(request.path))
        # It may have changed since the build began.
        made_from, others = request.made_from | {"chapter": chapter.sha256}, None
        if chapter.after_others:
            paths = find_chapters(Path(request.book))
            if damages := damaged_outputs(out, [other for other in paths if other != name]):
                again = "; build the chapter that made it, or the whole book"
                raise DamagedFileError(damages[0].path, damages[0].problem + again)
            others = readable(Path(request.reference), out)
            made_from["records"] = state_sha256(others, read_stamp(out, name).get("outputs", {}))
        verdict = judge(out, name, made_from)
        reason = "as asked" if request.force else verdict.reason
        if reason is None:
            return report.tell("end", status="up to date")
        report.tell("start", reason=reason)
        for damage in verdict.damages:
            set_aside(damage)
        # Without its stamp, a build that is killed half-way is never taken for a finished one.
        discard(stamp_path(out, name))
        stamp = _run(chapter, request, out, report)
        if others is not None:
            made_from["records"] = state_sha256(others, stamp["outputs"])
        if library_sha256(Path(request.package), Path(request.book)) != made_from["library"]:
            made_from["library"] = ""  # nobody knows which part of the change it ran with
        write_stamp(out, name, stamp | {"made_from": made_from})
    report.tell("end", status=stamp["status"], seconds=stamp["seconds"])


def _run(chapter, request: SimpleNamespace, out: Path, report: Report) -> dict:
    """Run a chapter and return how it ended and what it made, for its stamp."""
    journal, started, error = Path(request.folder) / f"{chapter.name}.journal", time.monotonic(), ""
    journal.unlink(missing_ok=True)
    report.peak_memory = None
    # The kernel inherits the environment, and so does every process that the chapter starts.
    os.environ[JOURNAL] = str(journal)
    parameters = ast.literal_eval(request.parameters)
    try:
        run_chapter(chapter, parameters, Path(request.book), notebook_path(out, chapter.name), report)
    except (PapermillExecutionError, RuntimeError) as failure:
        error = _tell_failure(failure, out, report)
    finally:
        del os.environ[JOURNAL]
    return {
        "status": "failed" if error else "done",
        "error": error,
        "seconds": round(time.monotonic() - started, 1),
        "peak_memory": report.peak_memory,
        "finished": datetime.now().astimezone().isoformat(timespec="seconds"),
        "outputs": journalled(journal, out),
        "trained": trained(journal, out),
        "pages": pages(out, chapter.name),
    }


def _tell_failure(failure: Exception, out: Path, report: Report) -> str:
    """Tell the end of the traceback of a failed cell, in one sentence where a file is to blame; returns the last line.
    """
    ename, evalue = getattr(failure, "ename", "OSError"), getattr(failure, "evalue", str(failure))
    if ename == "DamagedFileError" or "OE_RUNS" in evalue or any(reason in evalue for reason in NO_ROOM):
        said = ename == "DamagedFileError" or "OE_RUNS" in evalue
        advice = "" if said else f": make room in {out}, or choose another place with OE_RUNS"
        report.tell("say", text=f"{ename}: {evalue}{advice}")
        return f"{ename}: {evalue}{advice}"
    lines = TERMINAL_CODES.sub("", str(failure)).strip().splitlines() or [type(failure).__name__]
    report.tell("say", text="\n".join(lines[-TRACEBACK_LINES:]))
    return lines[-1]


def _requests(lines: queue.SimpleQueue) -> None:
    """Pass on the lines of the standard input; at its end, end everything."""
    for line in sys.stdin:
        lines.put(line)
    kill_kernels()
    # No cleaning up, which could wait for the kernel: the files of the book are whole at any moment.
    os._exit(0)


def main() -> None:
    """Serve requests until the input ends."""
    # Whatever a library prints goes to stderr, which the build shows when this process ends by itself.
    report = Report(os.fdopen(os.dup(1), "w", encoding="utf-8"))
    os.dup2(2, 1)
    logging.getLogger("oe_core").addHandler(report)
    logging.getLogger("oe_core").propagate = False
    lines = queue.SimpleQueue()
    threading.Thread(target=_requests, args=(lines,), daemon=True).start()
    while True:
        request = SimpleNamespace(**json.loads(lines.get()))
        try:
            bring_up_to_date(request, report)
        except Exception as error:
            # A file that cannot be written or read, or a fault of ours: the other chapters are built all the same.
            report.tell("end", status="failed", error=f"{type(error).__name__}: {error}")


if __name__ == "__main__":
    main()
