"""Which device computes, and in which precision."""

from functools import cache
from pathlib import Path

import torch

CPUINFO = Path("/proc/cpuinfo")
# What decides how fast a CPU multiplies, as Linux spells it.
INSTRUCTIONS = ("avx2", "avx512f", "avx512_bf16", "amx_bf16")


def default_device() -> torch.device:
    """The first CUDA device when there is one, else the CPU."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def computes_in_bfloat16(device: torch.device) -> bool:
    """Whether the precision "auto" is bfloat16: the device multiplies such matrices faster than float32.

    The device alone decides, so that all networks that are compared on it have one precision.
    """
    return auto_precision(device)[0] == "bfloat16"


def auto_precision(device: torch.device) -> tuple[str, str]:
    """What the precision "auto" means on `device`, "bfloat16" or "float32", and why."""
    if device.type == "cuda":
        native = torch.cuda.is_bf16_supported(including_emulation=False)
        return ("bfloat16", "tensor cores multiply it") if native else ("float32", "the GPU only emulates bfloat16")
    # On a CPU avx512_bf16 does not suffice: WRN-40-2 took 5.2 s a step with it and 3.8 s in float32.
    return ("bfloat16", "AMX multiplies it") if _has_amx() else ("float32", "a CPU without AMX is slower in bfloat16")


def autocast(precision: str, device: torch.device) -> torch.autocast:
    """The autocast context of a recipe's `precision` on `device`."""
    wanted = precision == "bfloat16" or (precision == "auto" and computes_in_bfloat16(device))
    return torch.autocast(device.type, torch.bfloat16, enabled=wanted)


def _has_amx() -> bool:
    """Whether the CPU has tiles that multiply bfloat16 matrices; torch's own answer is not part of its interface."""
    answer = getattr(torch.cpu, "_is_amx_tile_supported", None)
    return bool(answer()) if answer else "amx_bf16" in instruction_sets()


@cache
def instruction_sets() -> tuple[str, ...]:
    """Those of INSTRUCTIONS that the CPU has; none where the system does not list them."""
    try:
        lines = CPUINFO.read_text().splitlines()
    except OSError:
        return ()
    flags = next((line.split(":", 1)[1].split() for line in lines if line.startswith("flags")), [])
    return tuple(name for name in INSTRUCTIONS if name in flags)
