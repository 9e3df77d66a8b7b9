import pytest
import torch

from oe_core import devices

CPU, GPU = torch.device("cpu"), torch.device("cuda")
CPUINFO = "processor\t: 0\nmodel name\t: A processor\nflags\t\t: fpu {}\n\nprocessor\t: 1\nflags\t\t: fpu {}\n"


@pytest.fixture
def listed(tmp_path, monkeypatch):
    """A function that makes the system list these flags of every processor, or nothing at all."""
    monkeypatch.setattr(devices, "CPUINFO", tmp_path / "cpuinfo")
    devices.cpuinfo.cache_clear()
    yield lambda flags: (tmp_path / "cpuinfo").write_text(CPUINFO.format(flags, flags))
    devices.cpuinfo.cache_clear()


@pytest.mark.parametrize(("amx", "precision"), [(True, "bfloat16"), (False, "float32")])
def test_auto_is_bfloat16_on_a_cpu_with_amx_alone(monkeypatch, amx, precision):
    monkeypatch.setattr(torch.cpu, "_is_amx_tile_supported", lambda: amx, raising=False)
    monkeypatch.setattr(torch.cpu, "_is_avx512_bf16_supported", lambda: True, raising=False)
    found, why = devices.auto_precision(CPU)
    assert found == precision and "AMX" in why
    with devices.autocast("auto", CPU):
        assert torch.is_autocast_enabled("cpu") is amx


@pytest.mark.parametrize(("flags", "precision"), [
    ("avx2 avx512f avx512_bf16 amx_bf16 amx_tile", "bfloat16"), ("avx2 avx512f avx512_bf16", "float32"),
])  # fmt: skip
def test_where_torch_does_not_know_of_amx_the_system_is_asked(monkeypatch, listed, flags, precision):
    monkeypatch.delattr(torch.cpu, "_is_amx_tile_supported", raising=False)
    listed(flags)
    assert devices.auto_precision(CPU)[0] == precision


@pytest.mark.parametrize(("native", "precision"), [(True, "bfloat16"), (False, "float32")])
def test_auto_is_bfloat16_on_a_gpu_that_need_not_emulate_it(monkeypatch, native, precision):
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda including_emulation: native or including_emulation)
    assert devices.auto_precision(GPU)[0] == precision


@pytest.mark.parametrize(("precision", "enabled"), [("bfloat16", True), ("float32", False)])
def test_a_named_precision_is_taken_at_its_word(precision, enabled):
    with devices.autocast(precision, CPU):
        assert torch.is_autocast_enabled("cpu") is enabled


def test_instruction_sets_are_those_that_the_system_lists(listed):
    listed("sse avx2 avx512_bf16 avx512_bf16_of_another_kind")
    assert devices.instruction_sets() == ("avx2", "avx512_bf16")


def test_a_system_without_a_list_has_no_known_instruction_sets(listed):
    assert devices.instruction_sets() == ()
