"""Run one chapter's notebook with papermill in this interpreter's own kernel, and render it as HTML."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest import mock

import nbformat
import papermill
from chapters import Chapter
from formulas import FormulaPreprocessor
from ipykernel.kernelspec import write_kernel_spec
from nbclient.exceptions import DeadKernelError
from nbconvert import HTMLExporter
from nbconvert.preprocessors import CoalesceStreamsPreprocessor
from papermill.engines import NBClientEngine, papermill_engines
from papermill.translators import PythonTranslator, papermill_translators
from progress import Progress

from oe_core.scales import data_root, runs_root

# The name that every Jupyter knows: an executed notebook opens without asking for a kernel.
KERNEL = "python3"
# Progress bars go to stderr, which is no alarm here.
QUIET_PROGRESS = '.jp-RenderedText[data-mime-type="application/vnd.jupyter.stderr"] { background: none; }'


class BookEngine(NBClientEngine):
    """papermill's engine, telling `progress` each cell and marking the cell at which a kernel died."""

    @classmethod
    def execute_managed_notebook(cls, nb_man, kernel_name, progress=None, **kwargs):
        """Run all cells of `nb_man.nb`; a failure is left in the outputs of its cell, where papermill looks for it."""
        start, current = nb_man.cell_start, []

        def cell_start(cell, cell_index=None, **others):
            current[:] = [cell]
            progress.cell(cell_index + 1, len(nb_man.nb.cells))
            return start(cell, cell_index, **others)

        nb_man.cell_start = cell_start
        try:
            super().execute_managed_notebook(nb_man, kernel_name, **kwargs)
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


@contextmanager
def private_kernel() -> Iterator[None]:
    """Make `KERNEL` mean this interpreter, whatever the reader's home folder registers or configures."""
    checkout = Path(__file__).resolve().parents[1]
    with tempfile.TemporaryDirectory(prefix="book-kernel-") as folder:
        path = os.pathsep.join(filter(None, (str(checkout), os.environ.get("PYTHONPATH"))))
        environment = {
            "PYTHONPATH": path,
            "IPYTHONDIR": f"{folder}/ipython",
            "MPLBACKEND": "module://matplotlib_inline.backend_inline",
            # Absolute, since a chapter runs in the folder of the book.
            "OE_DATA": str(data_root()),
            "OE_RUNS": str(runs_root()),
        }
        # Errors only: a kernel warns at each start that it is not encrypted, though it speaks to this process alone.
        write_kernel_spec(f"{folder}/kernels/{KERNEL}", {"env": environment}, extra_arguments=["--log-level=ERROR"])
        jupyter = {"JUPYTER_PATH": folder, "JUPYTER_RUNTIME_DIR": f"{folder}/runtime"}
        with mock.patch.dict(os.environ, jupyter):
            yield


def run_chapter(
    chapter: Chapter, parameters: dict[str, object], book: Path, notebook: Path, progress: Progress
) -> None:
    """Execute a chapter in the folder `book`, leaving `notebook` and its HTML beside it also when a cell fails.

    Raises papermill's PapermillExecutionError with the traceback of the failing cell; RuntimeError when no kernel
    starts.
    """
    nb = nbformat.from_dict(chapter.notebook)
    nb.metadata["kernelspec"] = {"name": KERNEL, "display_name": "Python 3", "language": "python"}
    notebook.parent.mkdir(parents=True, exist_ok=True)
    try:
        with private_kernel():
            papermill.execute_notebook(
                nb,
                str(notebook),
                parameters=parameters,
                engine_name="book",
                kernel_name=KERNEL,
                language="python",
                cwd=str(book),
                progress_bar=False,
                stderr_file=progress,
                progress=progress,
            )
    finally:
        if notebook.exists():
            _render(notebook)


def _render(notebook: Path) -> None:
    nb = nbformat.read(notebook, as_version=4)
    # A progress bar leaves every state it went through; what a terminal would show in the end is enough to keep.
    nb, _ = CoalesceStreamsPreprocessor().preprocess(nb, {})
    nbformat.write(nb, notebook)
    nb, _ = FormulaPreprocessor().preprocess(nb, {})
    html, _ = HTMLExporter().from_notebook_node(nb, resources={"metadata": {"name": notebook.stem}})
    html = html.replace("</head>", f"<style>{QUIET_PROGRESS}</style></head>", 1)
    beside = notebook.with_suffix(".html.part")
    beside.write_text(html, encoding="utf-8")
    beside.replace(notebook.with_suffix(".html"))
