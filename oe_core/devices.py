"""Which device computes, and in which precision."""

from functools import cache
from pathlib import Path

import torch

from oe_core.processors import told

CPUINFO = Path("/proc/cpuinfo")
# What decides how fast a CPU multiplies, as Linux spells it.
INSTRUCTIONS = ("avx2", "avx512f", "avx512_bf16", "amx_bf16")


def default_device() -> torch.device:
    """The first CUDA device when there is one, else the CPU."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def auto_precision(device: torch.device) -> tuple[str, str]:
    """What the precision "auto" means on `device`, "bfloat16" or "float32", and why: the faster one.

    The device alone decides, so that all networks that are compared on it have one precision.
    """
    if device.type == "cuda":
        native = torch.cuda.is_bf16_supported(including_emulation=False)
        return ("bfloat16", "tensor cores multiply it") if native else ("float32", "the GPU only emulates bfloat16")
    # On a CPU avx512_bf16 does not suffice: WRN-40-2 took 5.2 s a step with it and 3.8 s in float32. Whether there are
    # tiles that multiply bfloat16 matrices, torch knows, but its answer is not part of its interface.
    ask = getattr(torch.cpu, "_is_amx_tile_supported", None)
    amx = ask() if ask else "amx_bf16" in instruction_sets()
    return ("bfloat16", "AMX multiplies it") if amx else ("float32", "a CPU without AMX is slower in bfloat16")


def autocast(precision: str, device: torch.device) -> torch.autocast:
    """The autocast context of a recipe's `precision` on `device`."""
    return torch.autocast(device.type, torch.bfloat16, enabled=meant(precision, device) == "bfloat16")


def meant(precision: str, device: torch.device) -> str:
    """ "bfloat16" or "float32": a recipe's `precision`, or what "auto" means on `device`."""
    return auto_precision(device)[0] if precision == "auto" else precision


def instruction_sets() -> tuple[str, ...]:
    """Those of INSTRUCTIONS that the CPU has; none where the system does not list them."""
    flags = cpuinfo().get("flags", "").split()
    return tuple(name for name in INSTRUCTIONS if name in flags)


@cache
def cpuinfo() -> dict[str, str]:
    """What Linux lists of the first processor, such as "model name" and "flags"; {} on other systems."""
    lines = told(CPUINFO).partition("\n\n")[0].splitlines()
    return {name.strip(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
