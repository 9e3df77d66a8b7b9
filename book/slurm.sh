#!/usr/bin/env bash
# Workers for `make runs` on a Slurm cluster: `make slurm` fills in what stands in braces after a dollar sign.
#SBATCH --job-name=oe-runs
#SBATCH --array=1-${workers}
#SBATCH --cpus-per-task=${cores}
#SBATCH --time=${time}
#SBATCH --output="${out}/slurm-%A_%a.log"
#SBATCH --requeue
# Two minutes before the time is up, and when it is to make room, the script is told, and its training is saved.
#SBATCH --signal=B:TERM@120
#SBATCH ${more}
set -u
cd "${checkout}"
export PYTHONPATH="${checkout}" OE_RUNS="${runs}" OE_DATA="${data}" OMP_NUM_THREADS=${cores}
"${python}" -m distributed.cli.dask_worker --scheduler-file "${file}" --nthreads 1 --no-nanny --no-dashboard \
    --resources "${needs}" --preload oe_core.runs.cluster --death-timeout 600 &
worker=$$!
# Whatever ends the worker lets its training save; only then does this script end, and Slurm clear the node.
trap 'kill -TERM $$worker' TERM USR1
until wait $$worker || ! kill -0 $$worker 2>/dev/null; do :; done
