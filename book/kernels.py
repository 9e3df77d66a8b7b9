"""The kernels of one build: this interpreter, whatever the reader's home folder registers."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ipykernel.kernelspec import write_kernel_spec

from oe_core.atomic import is_stale, owned_name
from oe_core.scales import data_root, runs_root

# The name that every Jupyter knows: an executed notebook opens without asking for a kernel.
KERNEL = "python3"
FOLDER = "book-kernel-"
CHECKOUT = Path(__file__).resolve().parents[1]


@contextmanager
def build_folder() -> Iterator[Path]:
    """Give a temporary folder with the kernel of this build; those that killed builds left are removed."""
    for left in Path(tempfile.gettempdir()).glob(f"{FOLDER}*"):
        if is_stale(left):
            shutil.rmtree(left, ignore_errors=True)
    folder = Path(tempfile.mkdtemp(prefix=f"{FOLDER}{owned_name()}-"))
    try:
        # Errors only: a kernel warns at each start that it is not encrypted, though it speaks to this process alone.
        write_kernel_spec(str(folder / "kernels" / KERNEL), extra_arguments=["--log-level=ERROR"])
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def environment(folder: Path, number: int, threads: str) -> dict[str, str]:
    """Return the environment of the `number`-th process that runs chapters in the kernel of `folder`."""
    return {
        **os.environ,
        "OMP_NUM_THREADS": threads,
        "PYTHONPATH": os.pathsep.join(filter(None, (str(CHECKOUT), os.environ.get("PYTHONPATH")))),
        # A bar's every state travels through two processes: ten a second cost a small network a twentieth of its time.
        "TQDM_MININTERVAL": os.environ.get("TQDM_MININTERVAL", "1"),
        "MPLBACKEND": "module://matplotlib_inline.backend_inline",
        "PYTHONSTARTUP": "",  # IPython would run it before the chapter
        "JPY_SESSION_NAME": "",  # a build that a notebook started shows no widgets: pages have no kernel to turn them
        "JUPYTER_PATH": str(folder),
        "JUPYTER_RUNTIME_DIR": str(folder / f"runtime-{number}"),
        "IPYTHONDIR": str(folder / f"ipython-{number}"),
        # Absolute, since a chapter runs in the folder of the book.
        "OE_DATA": str(data_root()),
        "OE_RUNS": str(runs_root()),
    }
