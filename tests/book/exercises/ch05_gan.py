"""Answers to chapter 5's exercises: a right one each, and typical wrong ones with words that tell where they err."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import torch

from oe_core.detectors.gan.network import diversity
from oe_core.evaluation import metrics
from oe_core.scores import msp

generator = np.random.default_rng(0)


def _share(keeps, rounds=200):
    def share_of(order):
        share = 0.0
        for batch in rounds * list(order):
            share = keeps * share + (1 - keeps) * batch
        return share

    return share_of


ENDS, REST = generator.normal(size=(2, 6)), generator.normal(size=(54, 6))
WALK = torch.from_numpy(np.concatenate([np.linspace(*ENDS, 10), REST]))
MAKES = torch.from_numpy(generator.normal(size=(6, 48)))


def _drawn(codes):
    """A generator that normalises by its batch."""
    made = codes.double() @ MAKES
    return ((made - made.mean(dim=0)) / (made.std(dim=0) + 0.01)).sigmoid().view(-1, 3, 4, 4)


def _ask(images):
    return images.flatten(1)[:, :5]


IMAGES = _drawn(WALK)[:10]
CODES = torch.from_numpy(generator.normal(size=(64, 6)))
SPREAD, TWINS = (diversity(_drawn(codes)) for codes in (CODES, CODES[:1] + 0.01 * CODES))
LARGEST = -msp(_ask(IMAGES))
SCORES = {out: {method: (generator.normal(size=50), generator.normal(shift, 1, 50))
                for method, shift in (("MSP", 0.5), ("+GAN", 1.0), ("+OE", 2.0))} for out in ("a", "b")}  # fmt: skip


def _both(of_direct, of_exposed, unit=100):
    columns = {"MSP, then real": of_direct, "GAN, then real": of_exposed}
    return pd.DataFrame({name: {out: unit * metrics.auroc(*of_set["+OE"]) for out, of_set in of.scores.items()}
                         for name, of in columns.items()})  # fmt: skip


def _evaluation(scores, parent):
    recipes = {"MSP": "baseline", "+OE": SimpleNamespace(parent=parent)}
    return SimpleNamespace(scores=scores, runs={(name, 0): SimpleNamespace(recipe=recipe) for name, recipe in recipes.items()})


EXPOSED = _evaluation(SCORES, "gan")
PLAIN = {out: of_set | {"+OE": (of_set["MSP"][0], of_set["MSP"][1] + more)} for more, (out, of_set) in enumerate(SCORES.items(), 1)}
DIRECT = _evaluation(PLAIN, "baseline")
BOTH = _both(DIRECT, EXPOSED)
RIGHT = {
    "running_averages": (_share(0.9),),
    "walk": (WALK, IMAGES, LARGEST, _ask, _drawn),
    "collapsed": (SPREAD, TWINS, _drawn, 6),
    "without_the_detour": (BOTH, DIRECT, EXPOSED),
}
WRONG = {
    "running_averages": [
        ((_share(0.1),), "the old average keeps nine tenths"),
        ((_share(0.9, rounds=1),), "after many steps"),
        ((lambda order: sum(order) / 3,), "where only generated batches pass"),
    ],
    "walk": [
        ((WALK[:10], IMAGES, LARGEST, _ask, _drawn), "the generator normalises by its batch"),
        ((WALK.flip(0), IMAGES, LARGEST, _ask, _drawn), "ten equal steps along a line"),
        ((WALK, _drawn(WALK[:10]), LARGEST, _ask, _drawn), "in one batch with the others"),
        ((WALK, IMAGES, -LARGEST, _ask, _drawn), "a posterior is positive"),
        ((WALK, IMAGES, np.full(10, 0.99), _ask, _drawn), "not what the +GAN classifier says"),
    ],
    "collapsed": [
        ((TWINS, SPREAD, _drawn, 6), "is it the other way round"),
        ((SPREAD, 0.0, _drawn, 6), "without any noise"),
        ((1.0, 0.99, _drawn, 6), "far from what 64 other codes of that kind give"),
    ],
    "without_the_detour": [
        ((_both(EXPOSED, EXPOSED), EXPOSED, EXPOSED), "whose weights does its fine-tuning take"),
        ((_both(DIRECT, EXPOSED, unit=1), DIRECT, EXPOSED), "give percent"),
        ((BOTH.T, DIRECT, EXPOSED), "no row"),
        ((BOTH.assign(**{"MSP, then real": 42.0}), DIRECT, EXPOSED), "MSP, then real is not the AUROC"),
        ((BOTH.assign(**{"GAN, then real": BOTH["GAN, then real"].to_numpy()[::-1]}), DIRECT, EXPOSED), "GAN, then real is not the AUROC"),
    ],
}
