"""Run one chapter's notebook with papermill in this interpreter's own kernel."""

import os
import re
import signal
from contextlib import suppress
from pathlib import Path

import nbformat
import papermill
from chapters import Chapter
from kernels import KERNEL
from nbclient.exceptions import DeadKernelError
from nbconvert.preprocessors import CoalesceStreamsPreprocessor
from papermill.clientwrap import PapermillNotebookClient
from papermill.engines import Engine, papermill_engines
from papermill.iorw import papermill_io
from papermill.log import logger
from papermill.translators import PythonTranslator, papermill_translators

from oe_core.atomic import discard, write_text


class BookClient(PapermillNotebookClient):
    """papermill's client of a kernel; every kernel stays known to this process, which may have to end it at once."""

    managers: list = []

    def create_kernel_manager(self):
        """Return the manager of the kernel that is about to start."""
        manager = super().create_kernel_manager()
        # In the folder of this build, which goes with it; the default is the folder of all temporary files.
        runtime = Path(os.environ["JUPYTER_RUNTIME_DIR"])
        runtime.mkdir(parents=True, exist_ok=True)
        manager.connection_file = str(runtime / f"kernel-{len(self.managers)}.json")
        self.managers.append(manager)
        return manager


def kill_kernels() -> None:
    """End the kernels of this process, each with all processes of its group."""
    for manager in BookClient.managers:
        if manager.provisioner is not None and manager.provisioner.has_process:
            with suppress(ProcessLookupError):
                # A kernel leads its group.
                os.killpg(manager.provisioner.pid, signal.SIGKILL)


def peak_memory() -> int | None:
    """Return the most bytes that the latest kernel has held at a time, None where the system does not say (no /proc).
    """
    with suppress(OSError):
        status = Path(f"/proc/{BookClient.managers[-1].provisioner.pid}/status").read_text()
        if found := re.search(r"VmHWM:\s*(\d+) kB", status):
            return 1024 * int(found[1])
    return None


class BookEngine(Engine):
    """papermill's engine, telling `report` each cell and marking the cell at which a kernel died."""

    @classmethod
    def execute_managed_notebook(cls, nb_man, kernel_name, report=None, start_timeout=60, **kwargs):
        """Run all cells of `nb_man.nb`; a failure is left in the outputs of its cell, where papermill looks for it."""
        start, complete, current = nb_man.cell_start, nb_man.cell_complete, []

        def cell_start(cell, cell_index=None, **others):
            current[:] = [cell]
            report.cell(cell_index + 1, len(nb_man.nb.cells))
            return start(cell, cell_index, **others)

        def cell_complete(cell, cell_index=None, **others):
            report.peak_memory = peak_memory()
            return complete(cell, cell_index, **others)

        nb_man.cell_start, nb_man.cell_complete = cell_start, cell_complete
        options = {"kernel_name": kernel_name, "startup_timeout": start_timeout, "timeout": None}
        try:
            BookClient(nb_man, log=logger, stderr_file=report, **options).execute()
        except DeadKernelError as error:
            if not current:
                raise
            # The kernel is gone (out of memory, a signal) and could not say so itself.
            reason = f"{error}: its process ended, for example for want of memory"
            output = nbformat.v4.new_output("error", ename="DeadKernelError", evalue=reason, traceback=[reason])
            current[0].outputs.append(output)
            nb_man.cell_exception(current[0])


class LiteralTranslator(PythonTranslator):
    """Writes parameters as Python literals; papermill's own would turn a tuple into a string."""

    @classmethod
    def translate(cls, val):
        """Return the literal of `val`."""
        return repr(val)


papermill_engines.register("book", BookEngine)
papermill_translators.register(KERNEL, LiteralTranslator)


class WholeNotebooks:
    """Where papermill writes a notebook: each time whole or not at all. Its paths are `book:<name of the file>`."""

    def __init__(self):
        self.paths: dict[str, Path] = {}

    def at(self, path: Path) -> str:
        """Return the name under which papermill writes to `path`."""
        self.paths[f"book:{path.name}"] = path
        return f"book:{path.name}"

    def write(self, buf: str, path: str) -> None:
        """Write the text of a notebook."""
        write_text(self.paths[path], buf)

    def pretty_path(self, path: str) -> str:
        """Return `path` as papermill's log shows it."""
        return path


NOTEBOOKS = WholeNotebooks()
papermill_io.register("book:", NOTEBOOKS)


def run_chapter(chapter: Chapter, parameters: dict[str, object], book: Path, notebook: Path, report) -> None:
    """Execute a chapter in the folder `book`, leaving `notebook` also when a cell fails.

    report: its `cell(number, cells)` is told each cell, its `write(text)` what a cell writes to stderr, and its
    `peak_memory` becomes the bytes that the kernel has held. Raises papermill's PapermillExecutionError with the
    traceback of the failing cell; RuntimeError when no kernel starts.
    """
    nb = nbformat.from_dict(chapter.notebook)
    nb.metadata["kernelspec"] = {"name": KERNEL, "display_name": "Python 3", "language": "python"}
    discard(notebook)
    try:
        papermill.execute_notebook(
            nb,
            NOTEBOOKS.at(notebook),
            parameters=parameters,
            engine_name="book",
            kernel_name=KERNEL,
            language="python",
            cwd=str(book),
            progress_bar=False,
            report=report,
        )
    finally:
        if notebook.exists():
            _coalesce(notebook)


def _coalesce(notebook: Path) -> None:
    """A progress bar leaves every state it went through; what a terminal would show in the end is enough to keep."""
    nb, _ = CoalesceStreamsPreprocessor().preprocess(nbformat.read(notebook, as_version=4), {})
    write_text(notebook, nbformat.writes(nb) + "\n")
