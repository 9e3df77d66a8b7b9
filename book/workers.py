"""The processes in which chapters run: started when first needed, kept for the next chapter, ended with the build."""

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from ending import Stopped
from kernels import environment

WORKER = Path(__file__).with_name("worker.py")
SECONDS_TO_END = 10.0
LOG_CHARACTERS = 300


class Workers:
    """The processes of one build, one a thread of it; `folder` is the build's own."""

    def __init__(self, folder: Path, threads: str):
        self.folder, self.threads = folder, threads
        self.local, self.started, self.stopped = threading.local(), [], False
        self.starting = threading.Lock()

    def run(self, request: dict) -> Iterator[dict]:
        """Let this thread's process work on `request` and yield its events; the last one is "end".

        A process that ends by itself ends the chapter as failed, and the next chapter gets a new one.
        """
        process = self._process()
        with suppress(BrokenPipeError):
            process.stdin.write(json.dumps(request) + "\n")
            process.stdin.flush()
        for line in process.stdout:
            event = json.loads(line)
            yield event
            if event["event"] == "end":
                return
        if self.stopped:
            raise Stopped
        self.local.process = None
        yield {"event": "end", "status": "failed", "error": self._last_words(process)}

    def _process(self) -> subprocess.Popen:
        process = getattr(self.local, "process", None)
        if process is not None and process.poll() is None:
            return process
        with self.starting:
            if self.stopped:
                raise Stopped
            number = len(self.started)
            with self._log(number).open("wb") as log:
                process = subprocess.Popen(
                    [sys.executable, str(WORKER)],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=log,
                    env=environment(self.folder, number, self.threads),
                    encoding="utf-8",
                    # Ctrl-C reaches this build alone, which then ends the others in order.
                    start_new_session=True,
                )
            self.started.append(process)
        self.local.process = process
        return process

    def _log(self, number: int) -> Path:
        return self.folder / f"worker-{number}.log"

    def _last_words(self, process: subprocess.Popen) -> str:
        said = self._log(self.started.index(process)).read_text(encoding="utf-8", errors="replace").strip()
        ending = f"the process that ran it ended ({process.wait()})"
        return f"{ending}: {said[-LOG_CHARACTERS:].splitlines()[-1]}" if said else ending

    def stop(self) -> None:
        """End all processes and their kernels: each ends itself when its input ends. Threads in `run` get Stopped."""
        with self.starting:
            self.stopped = True
        for process in self.started:
            with suppress(OSError):
                process.stdin.close()
        for process in self.started:
            try:
                process.wait(SECONDS_TO_END)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def close(self) -> None:
        """Free what the stopped processes hold, once no thread reads from them."""
        for process in self.started:
            process.stdout.close()
