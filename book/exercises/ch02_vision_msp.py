"""The checks of chapter 2's exercises."""

import numpy as np
import torch

from exercises.answers import close, exercise, need, number, numbers, table
from oe_core.evaluation import metrics
from oe_core.scores import SCORES, msp

SHARES = np.linspace(0, 1, 11).round(6)


@exercise(1)
def averaged_together(seen):
    """A function of the numbers of inliers and outliers in a batch, and of the weight."""
    need(close(seen(64, 64, 0.7), 0.7), "with as many outliers as inliers the joint mean is half of each part's, so the weight stays as it is")
    need(close(seen(128, 0, 0.5), 0), "a batch without outliers cannot have their term")
    need(close(seen(100, 200, 0.5), 2 * seen(100, 100, 0.5)),
         "each outlier counts as much as an inlier in a joint mean, so twice as many outliers have twice the say; in your function they have not")  # fmt: skip
    need(close(seen(50, 300, 0.4), 2.4), "the factor is common to both parts: divide the joint mean by what stands before the inliers' part")


@exercise(2)
def both_scores(given, first):
    """A table of percent: rows of `SCORES`, columns baseline and exposed; and the chapter's evaluation."""
    found = table(given, "both_scores", SCORES, ("baseline", "exposed"))
    need(found.to_numpy().max() > 1, "the values are shares of one; give percent")
    for network, method in {"baseline": "MSP", "exposed": "+OE"}.items():
        asked = first.asked[method, 0]
        inside, outs = asked.outputs(first.tests.inside), [asked.outputs(out) for out in first.tests.outs]
        for name, score in SCORES.items():
            of_sets = [100 * metrics.auroc(score(inside), score(out)) for out in outs]
            need(close(found.loc[name, network], np.mean(of_sets), 0.06),
                 f"{name} of the {network} network is not the mean AUROC over the {len(of_sets)} out-distributions; "
                 "is it this network, this score, and every set once?")  # fmt: skip


@exercise(3)
def temperature(at_temperature, first):
    """A dict from temperature to the mean FPR95 in percent; and the chapter's evaluation."""
    need({1, 2, 10, 100} <= set(at_temperature), f"at_temperature is to have T = 1, 2, 10 and 100; it has {sorted(at_temperature)}")
    asked = first.asked["MSP", 0]
    inside, outs = asked.outputs(first.tests.inside), [asked.outputs(out) for out in first.tests.outs]
    for t, given in at_temperature.items():
        right = 100 * np.mean([metrics.fpr_at_tpr(msp(inside / t), msp(out / t)) for out in outs])
        said = "T = 1 leaves the network as it is; is this the mean over all out-distributions" if t == 1 else \
            f"at T = {t} another number comes out; are the logits of inliers and of anomalies both divided, before the softmax"  # fmt: skip
        need(close(number(given, f"FPR95 at T = {t}"), right, 0.06), f"{said}, in percent?")


@exercise(4)
def mixtures(along, networks, inliers, anomalies):
    """A table of mean scores: rows of alpha from 0 to 1, columns baseline and exposed; {column: images -> logits}; pixels of both sets."""
    need(len(along) == 11, f"along is to have eleven steps, and has {len(along)}")
    found = table(along.set_axis(along.index.astype(float).to_numpy().round(6)), "along", SHARES, ("baseline", "exposed"))
    need(found.to_numpy().max() < 0, "scores of MSP are negative: higher means more anomalous, so confidence has its sign turned")
    count = min(200, len(inliers), len(anomalies))
    inside, outside = (images[:: len(images) // count][:count].float() for images in (inliers, anomalies))
    for column, ask in networks.items():
        for alpha in SHARES:
            right = msp(ask((alpha * outside + (1 - alpha) * inside).round().to(torch.uint8))).mean()
            need(close(found.loc[alpha, column], right, 0.005),
                 f"at alpha = {alpha:g} the {column} network's mean is not that of {count} evenly spaced images of each set, "
                 "mixed pixel by pixel; which share belongs to which image?")  # fmt: skip


@exercise(5)
def other_outliers(gained, taught, baseline, measured):
    """Two dicts by the name of a set of outliers: points of AUROC, exposed recipes; {name: recipe} -> AUROC."""
    need(len(gained) >= 2, "one set of outliers has nothing to be compared with; try a second one")
    need(set(gained) == set(taught), f"gained is about {list(gained)}, and taught about {list(taught)}; give both for each")
    need(len({recipe.digest for recipe in taught.values()}) == len(taught),
         "two of the recipes are one; does each learn from its own outliers?")  # fmt: skip
    values = numbers(list(gained.values()), "gained", len(gained))
    means = measured({"": baseline} | taught)
    for name, value in zip(gained, values, strict=True):
        need(close(value, means[name] - means[""], 0.06), f"gained says {value:.2f} of {name}, and its network says something else: "
             "is it the mean AUROC over all out-distributions, in percent, with that of the baseline taken off?")  # fmt: skip
