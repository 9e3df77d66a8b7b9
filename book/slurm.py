"""Write the job script for workers on a Slurm cluster: what `make slurm` calls."""

if __name__ == "__main__":  # before the imports, which take seconds: it can be stopped in them, too
    from ending import program

    program("slurm")


import argparse
import os
import sys
from pathlib import Path
from shlex import quote
from string import Template

from commandline import add_scale, count

from oe_core.atomic import write_text
from oe_core.scales import check_scale, data_root, runs_root

TEMPLATE = Path(__file__).with_name("slurm.sh")
CHECKOUT = TEMPLATE.parents[1]


def main(arguments: list[str] | None = None) -> int:
    """Write `slurm.sh` into the folder of the scale's runs, and say how to go on; returns 0, or 2."""
    parser = argparse.ArgumentParser(prog="slurm.py", description=__doc__.splitlines()[0])
    add_scale(parser)
    parser.add_argument("--workers", type=count, default=4, help="jobs of the array (default: %(default)s)")
    parser.add_argument("--cores", type=count, default=4, help="of a job (default: %(default)s)")
    parser.add_argument("--time", default="08:00:00", help="limit of a job, as sbatch has it (default: %(default)s)")
    parser.add_argument("--needs", default="GPU=1", help="what a worker offers, NAME=NUMBER; `make runs` asks for the "
                        "same (default: %(default)s)")  # fmt: skip
    parser.add_argument("--more", default="--gres=gpu:1", help="a further option of sbatch, written --more=--mem=8G "
                        "(default: %(default)s)")  # fmt: skip
    options = parser.parse_args(arguments)
    try:
        out = runs_root() / check_scale(options.scale)
        script, file = out / "slurm.sh", out / "scheduler.json"
        places = {"checkout": CHECKOUT, "runs": runs_root(), "data": data_root(), "out": out, "file": file,
                  "python": os.path.abspath(sys.executable)}  # fmt: skip
        text = Template(TEMPLATE.read_text(encoding="utf-8")).substitute(vars(options), **places)
        write_text(script, text)
    except (ValueError, OSError) as error:
        print(f"slurm.py: {error}", file=sys.stderr)
        return 2
    script, file = quote(str(script)), quote(str(file))
    print(f"""wrote {script}
on a node that may run for long:  dask scheduler --scheduler-file {file}
then:                             sbatch {script}
and, from any node:               make runs SCALE={options.scale} CLUSTER={file} NEEDS={options.needs}""")
    return 0

