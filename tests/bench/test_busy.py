import os
from dataclasses import replace

import pytest
import torch

from bench import busy, comparisons

CPU = torch.device("cpu")


def test_busy_processes_run_while_the_context_lasts_and_are_gone_after_it():
    with pytest.raises(KeyError), busy.busy_processes(2) as processes:
        assert len({process.pid for process in processes} - {os.getpid()}) == 2
        assert all(process.poll() is None for process in processes)
        raise KeyError
    assert all(process.poll() is not None for process in processes)


def test_rounds_alternate_between_a_quiet_and_a_busy_machine(monkeypatch):
    turns = []
    real = busy.busy_processes
    monkeypatch.setattr(busy, "busy_processes", lambda count: turns.append(count) or real(count))
    result = busy.image_step(comparisons.TINY, steps=2, warm_up=3, rounds=2)
    assert len(result.ours) == len(result.plain["beside 2 busy processes"]) == len(turns) == 2
    assert result.limit == 3 and result.items == 8 + 16


def test_a_training_too_short_for_its_rounds_is_an_error_and_leaves_nothing_running(monkeypatch):
    started = []
    real = busy.subprocess.Popen
    monkeypatch.setattr(busy.subprocess, "Popen", lambda *a, **k: started.append(real(*a, **k)) or started[-1])
    with pytest.raises(ValueError, match="a training of OE step, wrn-10-1 ended before 1 [+] 2 x 20 x 1 steps"):
        busy.image_step(replace(comparisons.TINY, epochs=1), steps=1, warm_up=1, rounds=20)
    assert started and all(process.poll() is not None for process in started)


def test_the_text_step_reads_the_asked_number_of_tokens():
    texts = busy.random_texts(7, 60)
    assert len(texts) == 7 and all(len(text.split()) == 60 for text in texts.texts)


@pytest.mark.parametrize(("precision", "target"), [("bfloat16", 3.0), ("float32", 1.5)])
def test_the_target_of_a_step_follows_the_hardware(monkeypatch, precision, target):
    monkeypatch.setattr(comparisons, "auto_precision", lambda device: (precision, "it is faster"))
    assert comparisons.step_target(CPU) == target
    assert comparisons.step_target(torch.device("cuda")) is None
