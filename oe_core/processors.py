"""How much of the machine this process may use, and how torch's threads are told so before torch is loaded."""

import math
import os
import re
import sys
from collections.abc import Iterator, Mapping, MutableMapping
from pathlib import Path

PROC, SYS = Path("/proc"), Path("/sys")
CONTROL_GROUPS = {"": ("", "unified"), "cpu": ("cpu", "cpu,cpuacct")}  # where versions 2 and 1 are mounted
WAITS = ("OMP_WAIT_POLICY", "GOMP_SPINCOUNT", "KMP_BLOCKTIME")
OURS = "OE_OWN_THREADS"  # what `settle` chose, so that a child process does not take it for the user's choice
# How long a thread spins that waits for the others. GNU's default, 300,000 rounds, is several time slices, all lost
# where another program has the core of the thread waited for: beside two busy processes on two cores a GRU's step took
# seconds instead of tenths of one. Not to spin at all costs an idle machine the sleep and the waking between any two
# layers, about 1.5 times the step of a small network. `make bench` measures what is between.
BRIEF = {"GOMP_SPINCOUNT": "3000", "KMP_BLOCKTIME": "1"}  # rounds of GNU's loop; ms of LLVM's, where 200 is usual


def usable_cores() -> int:
    """How many cores this process may keep busy, at least 1: its affinity's, cut to the quota of its control group."""
    return max(1, math.ceil(min(_cores(_allowed()), _quota())))


def settle(environment: MutableMapping[str, str] = os.environ) -> None:
    """Give torch a thread for each usable core, and its waiting threads little patience; what the user has set stays.

    Both are read from the environment when torch is loaded. Where it is loaded already, only the number of threads can
    still be changed, and is if it is torch's own choice.
    """
    if users_threads(environment) is None and "MKL_NUM_THREADS" not in environment:
        environment["OMP_NUM_THREADS"] = environment[OURS] = str(usable_cores())
        torch = sys.modules.get("torch")
        # Its own choice is every processor of the affinity, or every core.
        if torch is not None and torch.get_num_threads() in (len(_allowed()), _cores(_allowed())):
            torch.set_num_threads(usable_cores())
    if not any(name in environment for name in WAITS):
        environment.update(BRIEF)


def users_threads(environment: Mapping[str, str] = os.environ) -> str | None:
    """The OMP_NUM_THREADS that the user has set, None where there is none or it is `settle`'s own."""
    threads = environment.get("OMP_NUM_THREADS")
    return None if threads in (None, "", environment.get(OURS)) else threads


def _allowed() -> set[int]:
    """The processors of this process's affinity; all where the system knows no affinity."""
    return os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else set(range(os.cpu_count() or 1))


def _cores(processors: set[int]) -> int:
    """How many cores `processors` are: two threads of one core compute no faster than one."""
    siblings = "devices/system/cpu/cpu{}/topology/thread_siblings_list"  # the same for each processor on a core
    return len({told(SYS / siblings.format(processor)) or processor for processor in processors})


def told(path: Path) -> str:
    """What the system says in a file such as those of `/proc`, "" where it has none."""
    try:
        return path.read_text()
    except OSError:
        return ""


def _quota() -> float:
    """Cores' worth of time that the control groups grant: the least on the way up, infinite where they grant all."""
    return min((quota for folder in _groups() for quota in _quotas(folder)), default=math.inf)


def _groups() -> Iterator[Path]:
    """The folders of this process's control groups for processors, its own and those above it.

    Inside a container the groups above may be out of sight, and its own may lie at the root of what is mounted.
    """
    for line in told(PROC / "self/cgroup").splitlines():
        _, controllers, group = line.split(":", 2)
        inside = Path(group.lstrip("/"))
        for controller in CONTROL_GROUPS.keys() & controllers.split(","):
            for mount in CONTROL_GROUPS[controller]:
                yield from (SYS / "fs/cgroup" / mount / above for above in (inside, *inside.parents))


def _quotas(folder: Path) -> Iterator[float]:
    """The quota that one control group sets, in the file of version 2 or the two of version 1; nothing for "all"."""
    for names in (("cpu.max",), ("cpu.cfs_quota_us", "cpu.cfs_period_us")):
        words = " ".join(told(folder / name) for name in names)
        if found := re.match(r"(\d+)\s+([1-9]\d*)\s*$", words):
            yield int(found[1]) / int(found[2])
