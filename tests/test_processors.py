import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from oe_core import processors

CHECKOUT = Path(processors.__file__).parents[1]
NUMBERS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS")
NAMES = (*NUMBERS, *processors.WAITS, processors.OURS)
LINUX = pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="this system has no affinity")


@pytest.fixture
def system(tmp_path, monkeypatch):
    """Eight processors on eight cores, all allowed, and folders for a fake /proc and /sys."""
    monkeypatch.setattr(processors, "PROC", tmp_path / "proc")
    monkeypatch.setattr(processors, "SYS", tmp_path / "sys")
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(8)), raising=False)
    return tmp_path


def put(system, files: dict[str, str]) -> None:
    for name, text in files.items():
        (system / name).parent.mkdir(parents=True, exist_ok=True)
        (system / name).write_text(text)


def version_2(group: str) -> dict[str, str]:
    return {"proc/self/cgroup": f"0::{group}\n"}


def version_1(group: str) -> dict[str, str]:
    return {"proc/self/cgroup": f"5:memory:/elsewhere\n4:cpu,cpuacct:{group}\n3:cpuset:/\n1:name=systemd:/\n0::/\n"}


@pytest.mark.parametrize(("files", "cores"), [
    ({}, 8),
    (version_2("/"), 8),
    (version_2("/") | {"sys/fs/cgroup/cpu.max": "300000 100000\n"}, 3),
    (version_2("/") | {"sys/fs/cgroup/cpu.max": "max 100000\n"}, 8),
    (version_2("/") | {"sys/fs/cgroup/cpu.max": "150000 100000\n"}, 2),
    (version_2("/") | {"sys/fs/cgroup/cpu.max": "20000 100000\n"}, 1),
    (version_2("/") | {"sys/fs/cgroup/cpu.max": "1600000 100000\n"}, 8),
    (version_2("/") | {"sys/fs/cgroup/cpu.max": "nonsense\n"}, 8),
    (version_2("/a/b") | {"sys/fs/cgroup/a/cpu.max": "200000 100000\n",
                          "sys/fs/cgroup/a/b/cpu.max": "max 100000\n"}, 2),
    (version_2("/a/b") | {"sys/fs/cgroup/a/cpu.max": "500000 100000\n",
                          "sys/fs/cgroup/a/b/cpu.max": "400000 100000\n"}, 4),
    (version_2("/a") | {"sys/fs/cgroup/other/cpu.max": "100000 100000\n"}, 8),
    (version_2("/unseen/a") | {"sys/fs/cgroup/cpu.max": "300000 100000\n"}, 3),
    (version_1("/") | {"sys/fs/cgroup/cpu/cpu.cfs_quota_us": "-1\n", "sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000\n"},
     8),
    (version_1("/a/b") | {"sys/fs/cgroup/cpu/a/cpu.cfs_quota_us": "100000\n",
                          "sys/fs/cgroup/cpu/a/cpu.cfs_period_us": "50000\n"}, 2),
    (version_1("/a") | {"sys/fs/cgroup/cpu,cpuacct/a/cpu.cfs_quota_us": "300000\n",
                        "sys/fs/cgroup/cpu,cpuacct/a/cpu.cfs_period_us": "100000\n"}, 3),
    (version_1("/a") | {"sys/fs/cgroup/unified/cpu.max": "600000 100000\n"}, 6),
])  # fmt: skip
def test_the_smallest_quota_on_the_way_up_cuts_the_cores(system, files, cores):
    put(system, files)
    assert processors.usable_cores() == cores


def test_the_affinity_cuts_the_cores(system, monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {1, 6, 7}, raising=False)
    assert processors.usable_cores() == 3


def test_two_threads_of_one_core_count_once(system):
    names = {processor: f"{processor % 4},{processor % 4 + 4}\n" for processor in range(8)}
    put(system, {f"sys/devices/system/cpu/cpu{p}/topology/thread_siblings_list": text for p, text in names.items()})
    assert processors.usable_cores() == 4


def test_a_system_without_affinity_and_groups_has_all_its_processors(system, monkeypatch):
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: 5)
    assert processors.usable_cores() == 5
    monkeypatch.setattr(os, "cpu_count", lambda: None)
    assert processors.usable_cores() == 1


@pytest.fixture
def without_torch(system, monkeypatch):
    monkeypatch.delitem(sys.modules, "torch", raising=False)


def test_threads_and_waits_are_settled_where_nobody_chose(without_torch):
    environment = {}
    processors.settle(environment)
    assert environment == {"OMP_NUM_THREADS": "8", processors.OURS: "8", **processors.BRIEF}


def test_what_was_settled_is_no_choice_of_the_user_in_a_child(without_torch):
    environment = {}
    processors.settle(environment)
    assert processors.users_threads(environment) is None
    assert processors.users_threads(environment | {"OMP_NUM_THREADS": "1"}) == "1"
    environment |= {"OMP_NUM_THREADS": "2", processors.OURS: "2"}  # settled by a parent that had fewer cores
    processors.settle(environment)
    assert environment["OMP_NUM_THREADS"] == "8"


@pytest.mark.parametrize("name", NUMBERS)
def test_a_number_of_threads_that_the_user_set_stays(without_torch, name):
    environment = {name: "3"}
    processors.settle(environment)
    assert environment == {name: "3", **processors.BRIEF}


@pytest.mark.parametrize("name", processors.WAITS)
def test_a_way_to_wait_that_the_user_set_stays(without_torch, name):
    environment = {name: "1"}
    processors.settle(environment)
    assert environment == {name: "1", "OMP_NUM_THREADS": "8", processors.OURS: "8"}


@pytest.mark.parametrize(("has", "set_to"), [(8, [2]), (4, []), (1, [])])
def test_a_loaded_torch_is_cut_to_the_quota_unless_its_number_was_chosen(system, monkeypatch, has, set_to):
    put(system, version_2("/") | {"sys/fs/cgroup/cpu.max": "200000 100000\n"})
    calls = []
    torch = SimpleNamespace(get_num_threads=lambda: has, set_num_threads=calls.append)
    monkeypatch.setitem(sys.modules, "torch", torch)
    processors.settle({})
    assert calls == set_to


def in_a_child(program: str, **environment: str) -> list[str]:
    """What a new Python prints in which nobody has chosen threads or waits but `environment`."""
    # Removed inside: the Python of some installations sets them at its start.
    program = f"import os\nfor name in {NAMES}: os.environ.pop(name, None)\nos.environ.update({environment})\n{program}"
    clean = {name: value for name, value in os.environ.items() if name not in NAMES} | {"PYTHONPATH": str(CHECKOUT)}
    done = subprocess.run([sys.executable, "-c", program], env=clean, check=True, capture_output=True, text=True)
    return done.stdout.split()


def test_importing_the_package_loads_no_torch():
    assert in_a_child("import sys, oe_core\nprint('torch' in sys.modules)") == ["False"]


def test_torch_has_a_thread_a_usable_core():
    found = in_a_child("import oe_core, torch\nprint(torch.get_num_threads(), os.environ['GOMP_SPINCOUNT'])")
    assert found == [str(processors.usable_cores()), processors.BRIEF["GOMP_SPINCOUNT"]]


def test_the_users_number_of_threads_wins():
    # Of more threads than cores torch makes what it likes; the package changes nothing about it.
    program = "import torch\nprint(torch.get_num_threads(), os.environ['OMP_NUM_THREADS'])"
    with_package, without = (in_a_child(first + program, OMP_NUM_THREADS="3") for first in ("import oe_core\n", ""))
    assert with_package == without and with_package[1] == "3"
    assert in_a_child("import oe_core\n" + program, OMP_NUM_THREADS="1") == ["1", "1"]


def test_a_number_that_the_user_gave_torch_wins():
    program = "import torch\ntorch.set_num_threads(5)\nimport oe_core\nprint(torch.get_num_threads())"
    assert in_a_child(program) == ["5"]


@LINUX
def test_one_core_is_one_thread():
    program = "os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})\n"
    assert in_a_child(f"{program}import oe_core, torch\nprint(torch.get_num_threads())") == ["1"]
