"""Which chapters are built, in what order, how many at a time and with how many threads each."""

import math
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from chapters import Chapter, ChapterError, find_chapters, usual_seconds
from ending import Stopped, undisturbed
from kernels import build_folder
from progress import Progress
from stamps import Verdict, judge, made_from, read_stamp, readable, state_sha256, write_stamp
from status_page import write_index
from workers import Workers

from oe_core.processors import usable_cores, users_threads

# Here networks are so small that a second thread gains next to nothing.
ONE_THREAD_SCALES = ("smoke", "demo")


@dataclass(frozen=True)
class Request:
    """What a build is asked for.

    package: the folder of the code that chapters import; library: its hash. wanted: each chapter with the values of its
    parameters, or what is wrong with it.
    """

    book: Path
    scale: str
    out: Path
    package: Path
    library: str
    wanted: dict[str, tuple[Chapter, dict] | ChapterError]
    force: bool = False
    jobs: int = 1
    threads: str = "1"

    @property
    def reference(self) -> Path:
        """The measured results that the repository keeps."""
        return self.book.parent / "runs" / "reference"


def threads_each(scale: str, jobs: int, asked: int | None) -> str:
    """Return how many threads a chapter gets: as asked, as OMP_NUM_THREADS says, or by the scale.

    The last digits of what a CPU trains depend on the number of threads. At the small scales it is one whatever `jobs`
    is, so that the tables are the same, bit for bit; at the others a chapter gets its share of the cores.
    """
    if asked is not None:
        return str(asked)
    if threads := users_threads():
        return threads
    return "1" if scale in ONE_THREAD_SCALES else str(max(1, usable_cores() // jobs))


def verdict(request: Request, name: str) -> Verdict:
    """Whether a chapter has to be built now, and why."""
    chapter, values = request.wanted[name]
    made = made_from(chapter, values, request.library)
    if chapter.after_others:
        own = read_stamp(request.out, name).get("outputs", {})
        made["records"] = state_sha256(readable(request.reference, request.out), own)
    found = judge(request.out, name, made)
    return Verdict("as asked", found.damages) if request.force else found


def groups(request: Request) -> list[list[str]]:
    """The chapters in two groups, the second of which reads what the first makes, each in the order of starting.

    Side by side, the longest start first: by the seconds of the last build, before the first one by `seconds.csv`.
    """
    chapters = {name: found[0] for name, found in request.wanted.items() if not isinstance(found, ChapterError)}
    last = [name for name, chapter in chapters.items() if chapter.after_others]
    first = [name for name in request.wanted if name not in last]
    return [sorted(group, key=lambda name: _haste(request, name)) for group in (first, last)]


def _haste(request: Request, name: str) -> tuple:
    if request.jobs == 1 or isinstance(request.wanted[name], ChapterError):
        return ()
    usual = usual_seconds(request.book)
    return (-read_stamp(request.out, name).get("seconds", usual.get(name, math.inf)),)


class Build:
    """One build: its processes, its progress, and the chapters that failed."""

    def __init__(self, request: Request, progress: Progress):
        self.request, self.progress, self.failed, self.index_error = request, progress, [], ""

    def run(self) -> list[str]:
        """Build everything and return what failed. Raises Stopped, with the names of the `running` chapters."""
        request = self.request
        with build_folder() as folder:
            workers, pool = Workers(folder, request.threads), ThreadPoolExecutor(request.jobs)
            try:
                for group in groups(request):
                    futures = {pool.submit(self._chapter, name, workers): name for name in group}
                    for future in as_completed(futures):
                        self.failed += [] if future.result() else [futures[future]]
                        self._write_index()
            except Stopped as stopped:
                stopped.running = sorted(self.progress.running)
                raise
            finally:
                with undisturbed():
                    workers.stop()
                    pool.shutdown(cancel_futures=True)
                    workers.close()
                    self.progress.close()
        return sorted(self.failed) + (["index.html"] if self.index_error else [])

    def _chapter(self, name: str, workers: Workers) -> bool:
        """Bring one chapter up to date, in a thread of its own."""
        request, wanted = self.request, self.request.wanted[name]
        if isinstance(wanted, ChapterError):
            self._fail(name, str(wanted))
            return False
        try:
            if verdict(request, name).reason is None:
                self.progress.finish(name, "up to date")
                return True
            for event in workers.run(self._order(name, workers)):
                self._follow(name, event)
        except OSError as error:  # no more processes or memory, or a file of another user: the other chapters go on
            self._fail(name, str(error))
            return False
        return event["status"] != "failed"

    def _order(self, name: str, workers: Workers) -> dict:
        """What a worker needs to know about a chapter."""
        request, (chapter, values) = self.request, self.request.wanted[name]
        places = {"path": chapter.path, "book": request.book, "out": request.out, "reference": request.reference,
                  "package": request.package}  # fmt: skip
        return {
            "name": name,
            "folder": str(workers.folder),
            **{place: str(path) for place, path in places.items()},
            # As Python writes them: JSON would make lists of tuples.
            "parameters": repr(values),
            "made_from": made_from(chapter, values, request.library),
            "force": request.force,
        }

    def _follow(self, name: str, event: dict) -> None:
        """Show what a worker tells."""
        facts = {key: value for key, value in event.items() if key != "event"}
        if event["event"] == "say":
            self.progress.say(f"{name}: {event['text']}")
        elif event["event"] != "end":
            getattr(self.progress, event["event"])(name, **facts)
        elif "error" in event:
            self._fail(name, event["error"])
        else:
            words = {"done": "done in", "failed": "FAILED after"}
            seconds = f" {event['seconds']:.0f} s" if "seconds" in event else ""
            self.progress.finish(name, words.get(event["status"], event["status"]) + seconds)

    def _fail(self, name: str, error: str) -> None:
        """A chapter that could not even be run to a failing cell."""
        with suppress(OSError):
            stamp = {"status": "failed", "error": error, "outputs": {}, "pages": {}, "made_from": {}}
            write_stamp(self.request.out, name, stamp)
        self.progress.finish(name, f"FAILED: {error}")

    def _write_index(self) -> None:
        said, self.index_error = self.index_error, ""
        try:
            write_index(find_chapters(self.request.book), self.request.scale, self.request.out)
        except OSError as error:
            self.index_error = str(error)
            if said != self.index_error:
                self.progress.say(f"index.html: {error}")
