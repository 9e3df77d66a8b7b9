"""`python -m bench [--quick]`: measure everything, one line each."""

import argparse
import os
import statistics
from collections.abc import Iterator

import torch

from bench import busy, comparisons, files, precisions
from bench.timing import Comparison, bfloat16_peak
from oe_core.devices import auto_precision, default_device, instruction_sets
from oe_core.processors import usable_cores


def machine(device: torch.device) -> str:
    """One line on what the numbers were measured on, the load by other work included."""
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else "CPU"
    load = f", load {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
    if instruction_sets():
        name += f" ({', '.join(instruction_sets())})"
    precision, why = auto_precision(device)
    threads = f"{usable_cores()} usable of {os.cpu_count()} processors, {torch.get_num_threads()} threads{load}"
    return f"{name}, {threads}, {precision} ({why}), torch {torch.__version__}"


def measured(device: torch.device, quick: bool) -> Iterator[Comparison]:
    """Every comparison in turn; `quick` proves that each runs, at sizes whose numbers mean nothing."""
    if quick:
        yield comparisons.input_pipeline(comparisons.TINY, device, 200, steps=2, workers=(0, 2), rounds=1)
        yield comparisons.training_step(comparisons.TINY, device, steps=1, warm_up=1, rounds=2)
        yield precisions.training_step(comparisons.TINY, device, steps=1, warm_up=1, rounds=2)
        yield busy.text_step(busy.TINY_GRU, words=5, steps=1, warm_up=1, rounds=2)
        yield busy.image_step(comparisons.TINY, steps=1, warm_up=1, rounds=2)
        yield comparisons.language_step(comparisons.TINY_QRNN, device, steps=1, warm_up=1, rounds=2)
        yield comparisons.density_step(comparisons.TINY_PIXEL_CNN, device, steps=1, warm_up=1, rounds=2)
        yield comparisons.gan_step(comparisons.TINY_GAN, device, steps=1, warm_up=1, rounds=2)
        yield comparisons.scoring(comparisons.TINY, device, 20, rounds=1)
        yield files.scoring(comparisons.TINY, device, 20, rounds=1)
        yield comparisons.detection(100, 20, rounds=1)
        yield comparisons.calibration_errors(250, rounds=1)
        return
    on_gpu = device.type == "cuda"
    yield comparisons.input_pipeline(comparisons.WRN, device, 20_000, steps=20, workers=(0, 2, 4), rounds=5)
    steps, warm_up, rounds = (20, 20, 9) if on_gpu else (1, 1, 7)
    yield comparisons.training_step(comparisons.WRN, device, steps, warm_up, rounds)
    yield precisions.training_step(comparisons.WRN if on_gpu else comparisons.FAST, device, steps, warm_up, rounds)
    yield busy.text_step(busy.GRU, words=60, steps=5, warm_up=3, rounds=5)
    yield busy.image_step(busy.SMALL_WRN, steps=10, warm_up=3, rounds=5)
    yield comparisons.language_step(comparisons.QRNN, device, steps, warm_up, rounds)
    pixel_cnn = comparisons.PIXEL_CNN if on_gpu else comparisons.SMALL_PIXEL_CNN
    yield comparisons.density_step(pixel_cnn, device, steps, warm_up, rounds)
    yield comparisons.gan_step(comparisons.GAN, device, steps, warm_up, rounds)
    yield comparisons.scoring(comparisons.WRN, device, 10_000 if on_gpu else 600, rounds=5)
    yield files.scoring(comparisons.WRN, device, 10_000 if on_gpu else 2_100, rounds=3)
    yield comparisons.detection(10_000, 2_000, rounds=9)
    yield comparisons.detection(1_000_000, 200_000, rounds=5)
    yield comparisons.calibration_errors(12_000, rounds=9)


def line(result: Comparison, peak: float | None) -> str:
    """`result` in words: medians, the median ratio with its range, the target, the share of `peak` (operations / s)."""
    plain = statistics.median(result.plain[result.best_plain])
    ours, ratios = statistics.median(result.ours), result.ratios
    parts = [
        f"{result.work:34} {1000 * ours:9.2f} ms {result.items / ours:12,.0f}/s",
        f"{'plain' if result.limit is None else 'slowed'} ({result.best_plain}) {1000 * plain:9.2f} ms",
        f"ratio {statistics.median(ratios):.1f} ({ratios[0]:.1f} to {ratios[-1]:.1f}, n={len(ratios)})",
    ]
    if result.target:
        parts.append(f"target {result.target:g}")
    if result.limit:
        parts.append(f"at most {result.limit:g}")
    if peak and result.flops:
        parts.append(f"{result.flops / ours / 1e12:.0f} TFLOP/s, {result.flops / ours / peak:.0%} of the bf16 peak")
    return " | ".join(parts)


def main(arguments: list[str] | None = None) -> None:
    """Print the machine and one line a comparison; targets hold for two otherwise idle CPU cores."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="tiny sizes: shows that it runs, measures nothing")
    quick = parser.parse_args(arguments).quick
    device = default_device()
    print(machine(device), flush=True)
    peak = None
    if device.type == "cuda" and not quick:
        peak = bfloat16_peak(device)
        print(f"bfloat16 peak, an 8192 x 8192 matrix product: {peak / 1e12:.0f} TFLOP/s", flush=True)
    for result in measured(device, quick):
        print(line(result, peak), flush=True)


if __name__ == "__main__":
    main()
