"""Answers to chapter 5's exercises: a right one each, and typical wrong ones with words that tell where they err."""

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


def _both(direct, unit=100):
    of_exposed = {out: unit * metrics.auroc(*of_set["+OE"]) for out, of_set in SCORES.items()}
    return pd.DataFrame({"MSP, then real": direct, "GAN, then real": of_exposed})


DIRECT = {"a": 80.0, "b": 85.0}
RIGHT = {
    "running_averages": (_share(0.9),),
    "walk": (WALK, IMAGES, LARGEST, _ask, _drawn),
    "collapsed": (SPREAD, TWINS, _drawn, 6),
    "without_the_detour": (_both(DIRECT), SCORES),
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
        ((1.0, 0.99, _drawn, 6), "for 64 other codes of that kind"),
    ],
    "without_the_detour": [
        ((_both(_both(DIRECT)["GAN, then real"]), SCORES), "whose weights does the fine-tuning start from"),
        ((_both({"a": 0.8, "b": 0.85}, unit=1), SCORES), "give percent"),
        ((_both(DIRECT).T, SCORES), "no row"),
        ((_both({out: 100 * metrics.auroc(*of_set["MSP"]) for out, of_set in SCORES.items()}), SCORES), "before any real outliers"),
    ],
}
