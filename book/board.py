"""How the trainings stand: a table that stays live in a terminal and in a notebook, and readable lines elsewhere."""

import time
from collections import Counter
from contextlib import suppress

from rich.console import Console
from rich.live import Live
from rich.table import Table

from oe_core.atomic import DamagedFileError, read_record, understood
from oe_core.errors import printable
from oe_core.runs.engine import BEGUN, DONE, QUEUED, RUNNING, Job, Outcome, kept_loads
from oe_core.runs.estimates import Estimate, Estimates
from oe_core.runs.store import STAMP, Store
from oe_core.wording import size_text

SHOWN = 20  # rows of the live table: all that runs and fails, then what comes next
SECONDS_BETWEEN_LINES = 30.0
FAILED, DAMAGED = "failed", "damaged"  # the latter is trained again
STYLES = {DONE: "green", RUNNING: "bold", BEGUN: "yellow", QUEUED: "dim", FAILED: "red", DAMAGED: "red"}


class Board:
    """Shows the jobs of one call, as a context in which it stays live."""

    def __init__(self, wanted: list[Job], store: Store, ranks: int = 1):
        self.wanted, self.console = wanted, Console(markup=False)
        estimates, loads = Estimates(store, ranks), kept_loads()
        self.estimates = {job.identity: estimates.of(job.recipe, loads[job.recipe.KIND]) for job in wanted}
        self.live = Live(console=self.console, auto_refresh=False, transient=True)
        self.interactive = self.console.is_terminal or self.console.is_jupyter
        self.said, self.spoken, self.taken = {}, 0.0, {}

    def __enter__(self) -> "Board":
        self.show()
        if self.interactive:
            self.live.start()
        return self

    def __exit__(self, *error) -> None:
        if self.interactive:
            self.live.stop()

    def show(self) -> None:
        """Print the whole table once, after a look into the files of what is done."""
        states = self._states(Outcome())
        states |= {job: (DAMAGED, said) for job, (state, said) in states.items() if state == DONE and not job.sound()}
        self.console.print(self._table(states))
        self.console.print(self._sentence(states))

    def refresh(self, outcome: Outcome) -> None:
        """Bring the table up to date, or say in lines what has changed."""
        states = self._states(outcome)
        if self.interactive:
            order = sorted(self.wanted, key=lambda job: [RUNNING, FAILED, BEGUN, QUEUED, DONE].index(states[job][0]))
            self.live.update(self._table(states, order[:SHOWN]), refresh=True)
            return
        due = time.monotonic() - self.spoken > SECONDS_BETWEEN_LINES
        for job, (state, said) in states.items():
            if state != self.said.get(job.identity, QUEUED) or (due and state == RUNNING):
                print(f"{job.name}: {state} {_progress(said)}".rstrip(), flush=True)
            self.said[job.identity] = state
        self.spoken = time.monotonic() if due else self.spoken

    def summary(self, outcome: Outcome) -> str:
        """What failed and why, and in the last line what is missing."""
        names = {job.identity: job.name for job in self.wanted}
        failed = "".join(f"failed: {names[identity]}: {why}\n" for identity, why in outcome.failed.items())
        failed += f"the place of the trainings was lost: {printable(outcome.lost)}\n" if outcome.lost else ""
        counts = f"{len(outcome.done)} of {len(self.wanted)} trained"
        missing = [names[identity] for identity in (*outcome.failed, *outcome.left)]
        rest = f"; missing: {'; '.join(missing)}" if missing else "; nothing is missing"
        again = " (the same call goes on)" if outcome.left else ""
        return failed + counts + rest + again

    def _states(self, outcome: Outcome) -> dict[Job, tuple[str, dict]]:
        return {job: (FAILED, {}) if job.identity in outcome.failed else job.state() for job in self.wanted}

    def _sentence(self, states: dict[Job, tuple[str, dict]]) -> str:
        counts = Counter(state for state, _ in states.values())
        todo = [self.estimates[job.identity] for job, (state, _) in states.items() if state != DONE]
        measured = sum(estimate.measured for estimate in todo)
        listed = ", ".join(f"{count} {state}" for state, count in counts.items())
        hours = _time(sum(estimate.seconds for estimate in todo))
        disk = size_text(sum(estimate.disk for estimate in todo))
        basis = f"{measured} estimated from finished ones on such a device, the others (~) from their operations alone"
        return f"{listed}; left one after the other: {hours}, {disk} of disk ({basis})" if todo else listed

    def _table(self, states: dict[Job, tuple[str, dict]], order: list[Job] | None = None) -> Table:
        table = Table("network", "seed", "state", "epoch losses", "time", "memory", "disk", box=None, pad_edge=False)
        for job in self.wanted if order is None else order:
            state, said = states[job]
            estimate: Estimate = self.estimates[job.identity]
            known = said["seconds_left"] if state == RUNNING else self._took(job) if state == DONE else None
            time_ = _time(known) if known is not None else ("" if estimate.measured else "~") + _time(estimate.seconds)
            cells = [printable(job.recipe.name), str(job.recipe.seed), f"{state} {_step(said)}".strip(), _losses(said),
                     time_, size_text(estimate.memory), size_text(estimate.disk)]  # fmt: skip
            table.add_row(*cells, style=STYLES[state])
        return table

    def _took(self, job: Job) -> float | None:
        """Seconds that a finished training took, None where its stamp cannot be read."""
        if job.identity not in self.taken:
            with suppress(DamagedFileError, OSError), understood(job.folder / STAMP):
                self.taken[job.identity] = float((read_record(job.folder / STAMP) or {})["seconds"])
        return self.taken.get(job.identity)


def _progress(said: dict) -> str:
    left = f"{_time(said['seconds_left'])} left" if "seconds_left" in said else ""
    return " ".join(filter(None, (_step(said), _losses(said), left)))


def _step(said: dict) -> str:
    return f"step {said['step']} of {said['steps']}" if said else ""


def _losses(said: dict) -> str:
    return ", ".join(f"{name} {value:.3f}" for name, value in said.get("losses", {}).items())


def _time(seconds: float) -> str:
    for unit, size in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= 2 * size:
            return f"{seconds / size:.1f} {unit}"
    return f"{seconds:.0f} s"
