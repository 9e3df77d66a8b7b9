"""Where a result was made: device, packages, and the commit of the code."""

import platform
import subprocess
from contextlib import suppress
from datetime import UTC, datetime
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import torch

from oe_core import ranks
from oe_core.devices import auto_precision, cpuinfo, instruction_sets

PACKAGES = ("torch", "torchvision", "numpy", "scipy", "scikit-learn", "pillow", "safetensors")
CHECKOUT = Path(__file__).resolve().parents[2]


def now() -> str:
    """The time in UTC, ISO 8601 to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def environment(device: torch.device) -> dict:
    """Device, packages with versions, Python, platform and commit, as plain values for a stamp."""
    packages = {}
    for name in PACKAGES:
        with suppress(PackageNotFoundError):
            packages[name] = version(name)
    return {
        "device": device_facts(device),
        "packages": packages,
        "python": platform.python_version(),
        "platform": platform.platform(),
        **commit(CHECKOUT),
    }


def device_facts(device: torch.device) -> dict:
    """Type and name of the device, what the precision "auto" means on it and why; of a GPU its CUDA version.

    Of a CPU its threads and the instruction sets that decide how fast it multiplies. Where several ranks train one
    network, how many they are.
    """
    precision, why = auto_precision(device)
    facts = {"type": device.type, "bfloat16": precision == "bfloat16", "auto_precision": f"{precision}: {why}"}
    if ranks.count() > 1:
        facts["ranks"] = ranks.count()
    if device.type == "cuda":
        return {**facts, "name": torch.cuda.get_device_name(device), "cuda": torch.version.cuda}
    name = cpuinfo().get("model name") or platform.processor() or platform.machine()
    return {**facts, "name": name, "threads": torch.get_num_threads(), "instruction_sets": list(instruction_sets())}


@cache
def commit(checkout: Path) -> dict:
    """{"commit": hex, "dirty": bool} of a git checkout; "unknown" and None where there is none, or no commit yet.

    dirty: the package differs from the commit, so the commit alone does not give the code.
    """
    top = _git(checkout, "rev-parse", "--show-toplevel")
    head = _git(checkout, "rev-parse", "--verify", "HEAD")
    # An environment inside somebody else's repository must not borrow that repository's commit.
    if not top or not head or Path(top).resolve() != checkout.resolve():
        return {"commit": "unknown", "dirty": None}
    return {"commit": head, "dirty": bool(_git(checkout, "status", "--porcelain", "--", "oe_core"))}


def _git(checkout: Path, *arguments: str) -> str | None:
    try:
        done = subprocess.run(["git", "-C", str(checkout), *arguments], capture_output=True, text=True, timeout=30)
    except (FileNotFoundError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() if done.returncode == 0 else None
