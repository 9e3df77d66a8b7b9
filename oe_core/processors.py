"""How much of the machine this process may use: the cores of its affinity, and a container's quota of them."""

import math
import os
from pathlib import Path

CGROUPS = Path("/sys/fs/cgroup")


def usable_cores() -> int:
    """How many cores this process may keep busy, at least 1: its affinity's, cut to the quota of its control group."""
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, math.ceil(min(allowed, _quota())))


def _quota() -> float:
    """Cores' worth of time that the control group grants, infinite where it grants all."""
    for quota, period in (("cpu.max", None), ("cpu/cpu.cfs_quota_us", "cpu/cpu.cfs_period_us")):
        try:
            words = (CGROUPS / quota).read_text().split() + ((CGROUPS / period).read_text().split() if period else [])
            if words[0] not in ("max", "-1"):
                return int(words[0]) / int(words[1])
        except (OSError, IndexError, ValueError):
            continue
    return math.inf
