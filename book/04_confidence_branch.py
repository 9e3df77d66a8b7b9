# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 4. The confidence branch: a network that may ask for hints
#
# The detector of chapter 2 was read off a classifier that had never been asked how sure it is. DeVries and Taylor ask: they add
# one more output, a confidence, and train it by selling hints.
#
# > Can a network learn to say how sure it is, and does Outlier Exposure sharpen that judgement, too?
#
# **You will learn**
#
# - how a network can learn a confidence without any label for it, and to compute the loss by hand;
# - which confidence is the cheapest for a given prediction, and how a price finds itself;
# - what *collapse* is, how to notice it, and how to cause it;
# - what the term of Outlier Exposure does to a confidence, and where it would end if nothing stopped it;
# - to read the paper's Table 3 beside your own numbers, and to list what a reproduction had to guess.
#
# Needed: chapters 1 and 2. The code of the branch is public, the code of its combination with Outlier Exposure is not; section 4.4
# says what had to be chosen.

# %% tags=["parameters"]
SCALE = "demo"
IN_DISTS: list[str] = []  # data sets to learn; empty: those of the scale
OUTLIERS = ""  # data set of outliers; empty: the paper's, or its stand-in
OUT_DISTS: list[str] = []  # test anomalies; empty: the paper's for the in-distribution
SEEDS: int | None = None  # trainings of each network; None: as many as the scale has
DRAWS: int | None = None  # test subsets of each trained network; None: ten
SHARE = 1.0  # of every schedule's epochs; 0.3 makes 30 of 100, and tables say so
VARIANTS: list[str] | None = None  # other choices, in 4.9; one training each; None: those of the scale
COLLAPSES: list[str] = ["small-budget", "cheap-hints"]  # settings that invite a collapse, in 4.10, beside the code's first price

# %% tags=["checks"]
from dataclasses import replace

from oe_core import check_counts, check_lists, experiment, in_dists

check_counts(SEEDS=SEEDS, DRAWS=DRAWS)
VARIANTS = ["tuned-without-hints", *(["other-cutout"] if SCALE != "demo" else [])] if VARIANTS is None else VARIANTS
check_lists(IN_DISTS=IN_DISTS, OUT_DISTS=OUT_DISTS, VARIANTS=VARIANTS, COLLAPSES=COLLAPSES)


def plan_of(name, variant="paper"):
    """The experiment of one in-distribution with the chapter's parameters."""
    return experiment(name, SCALE, "branch", outliers=OUTLIERS, out_dists=OUT_DISTS, variant=variant, share=SHARE)


def collapses_of(name):
    """The recipes of 4.10; the code's first price only where the baseline has another."""
    baseline = plan_of(name).baseline
    recipes = {variant: plan_of(name, variant).baseline for variant in COLLAPSES}
    recipes["the code's first price"] = replace(baseline, confidence_weight=0.1)
    return {why: recipe for why, recipe in recipes.items() if recipe != baseline}


plans = {name: plan_of(name) for name in IN_DISTS or in_dists(SCALE, "branch")}
first = next(iter(plans))
others = [plan_of(first, variant) for variant in VARIANTS]
controls = [([plan.longer], SEEDS or plan.seeds) for plan in plans.values()]
trainings = [(plans.values(), SEEDS), ([*others, *collapses_of(first).values()], 1), *controls]  # what `make runs` trains: (experiments, how many seeds)

# %%
import math

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import torch
from exercises import ch04_confidence_branch as check
from IPython.display import Markdown

from oe_core import Store, evaluate, evaluate_each, figures, paper, runs_root
from oe_core.detectors.branch import losses
from oe_core.evaluation.ablations import controlled

plt.rcParams.update(figures.STYLE)
ROOM = runs_root() / SCALE

# %% [markdown]
# ## 4.1 Hints, by hand
#
# Beside the posterior $p$ over the classes the network has a confidence $b(x) = \sigma(z) \in (0, 1)$: one linear unit on the same
# features. In training the label $y$ is mixed into the prediction, the more the less confident the network is:
#
# $$p' = c'\, p + (1 - c')\, y, \qquad \mathcal{L} = \mathbb{E}\big[-\log p'_y\big] + \lambda\, \mathbb{E}\big[-\log b(x)\big].$$
#
# A network with $b = 0$ is told the answer and pays nothing in the first term; the second is the price of the hint. If every
# example could ask, the classifier would have little reason to learn, so only a random half may: $c' = b$ there, and $c' = 1$ elsewhere.

# %%
torch.manual_seed(0)
logits, z = torch.randn(128, 10), torch.randn(128)
labels, hinted = torch.randint(10, (128,)), torch.rand(128) < 0.5
p, b = logits.softmax(dim=1), z.sigmoid()
c = torch.where(hinted, b, 1.0)[:, None]
y = torch.nn.functional.one_hot(labels, 10)
mixed = c * p + (1 - c) * y
by_hand = -mixed[torch.arange(128), labels].log().mean(), -b.log().mean()

# %%
by_package = losses.hinted_classification(logits, z, labels, hinted), losses.confidence_penalty(z)
assert all(torch.isclose(one, other) for one, other in zip(by_hand, by_package, strict=True))
print(f"classification with hints {by_package[0]:.4f}, confidence penalty {by_package[1]:.4f}")

# %% [markdown]
# The package computes both from $\log b$ and $\log(1 - b)$, so that no confidence is rounded to 0 or 1.
#
# Which confidence is the cheapest? It depends on how likely the network finds the true class. Averaged over the coin that decides on the
# hint (the price is paid either way):

# %%
def expected_loss(b, p_y, price):
    """Loss of one example of confidence b whose true class the network finds p_y likely, half of the time with the hint."""
    return -0.5 * (b * p_y + 1 - b).log() - 0.5 * np.log(p_y) - price * b.log()


confidence = torch.linspace(0.005, 1, 400)
figure, axes = plt.subplots(figsize=(5.4, 3.4))
for p_y, (colour, dash) in zip((0.3, 0.6, 0.9, 0.98), figures.LINES, strict=True):
    cost = expected_loss(confidence, p_y, price=0.1)
    axes.plot(confidence, cost, color=colour, linestyle=dash, label=f"$p_y = {p_y}$")
    axes.plot(confidence[cost.argmin()], cost.min(), "o", color=colour)
axes.set(xlabel="confidence $b$", ylabel=r"expected loss, $\lambda = 0.1$", ylim=(0, 1.4))
axes.legend()
figures.publish(figure, "04_cheapest", ROOM / "figures", "Expected loss over the confidence for examples that the network finds more and less likely; dots mark the cheapest.")

# %% [markdown]
# An example whose class the network finds likely enough is cheapest at $b = 1$, any other at a lower confidence (exercise 1
# has the formula). Nobody ever labelled an example as difficult: the confidence learns it from the network's own errors *in training*. Keep that in
# mind: a network that finds every training label likely gives its branch nothing to learn from.

# %% [markdown]
# ## 4.2 A price that finds itself
#
# Which $\lambda$? With a high price nobody asks, and all confidences are 1; with a low one everybody does. The authors fix a
# **budget** $\beta = 0.3$ for the penalty instead, and after each step divide $\lambda$ by 1.01 when the penalty was below it, by 0.99
# when it was not:

# %%
weight, trace = torch.tensor(0.1), []
for penalty in torch.tensor([0.69, 0.50, 0.35, 0.29, 0.25, 0.31]):
    trace.append({"penalty": penalty.item(), "lambda": weight.item()})
    weight = losses.next_weight(weight, penalty, budget=0.3)
pd.DataFrame(trace).rename_axis("step").T.style.format(precision=3)

# %% [markdown]
# A penalty of 0.3 can be had in many ways: most examples at 0.95 and a few near 0, or **every** example at $e^{-0.3} = 0.74$. Only the first
# tells anything apart. The rule steers the mean and not the spread, and the steps of $\lambda$ are small, 1 % each. When
# the confidences are all high, or all low, the branch has **collapsed**, a known failure of the method. Training here looks at
# up to 1,000 training images after each epoch, writes $\lambda$, the mean confidence and its spread into the log, and warns
# when the branch arrives at either end, or ends with nine tenths of its confidences within 0.1.

# %% [markdown]
# ## 4.3 Outlier Exposure for a confidence
#
# The paper adds one term for outliers $x'$ to the objective:
#
# $$\mathcal{L} + 0.5\; \mathbb{E}_{x' \sim \mathcal{D}_{\text{out}}^{\text{OE}}}\big[\log b(x')\big].$$
#
# It is minimised, so that $b(x')$ falls. How hard does it push?

# %%
confidences = torch.tensor([0.9, 0.5, 0.1, 1e-3, 1e-9, 1e-13], dtype=torch.float64)
z = confidences.logit().requires_grad_()
term = torch.stack([losses.outlier_confidence(one) for one in z])
term.sum().backward()
table = pd.DataFrame({"b(x')": confidences, "log b(x')": confidences.log(), "the term": term.detach(), "its slope in z": z.grad})
table.map("{:.3g}".format).T

# %% [markdown]
# The cross-entropy to the uniform posterior in chapter 2 has a lowest value, and there its gradient vanishes. $\log b$ has none: the less
# confident the network is, the nearer the slope comes to 1, and training would push outliers down for ever. The
# public code of the branch keeps every confidence above $10^{-12}$ with a clamp, and taken together with it the term ends at
# $\log 10^{-12} = -27.6$ (last column). Here it does the same. On its way there the push is strong: it keeps its factor of 0.5, while $\lambda$, the price of the
# inliers' hints, started at 0.1 or less and changes by a hundredth a step, and inliers can be dragged along for a while.

# %% [markdown]
# ## 4.4 What the paper leaves open
#
# | question | known | chosen |
# | --- | --- | --- |
# | network, optimiser | WRN-40-4; SGD with Nesterov momentum 0.9, rate 0.1, weight decay 0.0005, batch 128 in the branch's code | the same |
# | epochs | 200 with the rate times 0.2 after 61, 121 and 161 in the code, which counts from 0; the paper's other CIFAR networks have 100 | 200: the paper used "their code" |
# | crop, flip, Cutout | flags of the code; its README gives all three for CIFAR-10, Cutout of 16 px | all three, also for CIFAR-100; for Tiny ImageNet the same shares of 64 px |
# | holes in outliers | nothing | as in inliers, or a hole would be the mark of an inlier |
# | CIFAR-100, Tiny ImageNet | the code knows CIFAR-10 and SVHN | the settings of CIFAR-10; scaling as elsewhere in the paper |
# | fine-tuning: epochs, rate, outliers a batch | nothing for this experiment | as for the other images: 10 epochs, 0.001 on a cosine, 256 outliers (Tiny ImageNet 180) |
# | hints while fine-tuning | "adding [...] to the network's original optimization objective" | on; off is `tuned-without-hints` |
# | $\lambda$ while fine-tuning | nothing | goes on from where the training left it |
# | a floor under $\log b(x')$ | nothing | the code's clamp, $10^{-12}$ |
#
# Scale `course` (but for Tiny ImageNet at 64 pixels), and `smoke` and `demo` with digits, train smaller networks for fewer epochs, without Cutout: a network that sees its images a few times needs it less, and a
# hole of 8 px can hide half of a digit of 16 px. Hints for digits cost 0.02 at first instead of 0.1, which has no time to come down in so few steps, and digits are fine-tuned for 30 epochs instead of 10 (at `smoke` for one),
# after which inliers still lay in the dip of 4.5: both were chosen on validation distributions of held-out digits. Section 4.9 tries other choices, and 4.10 what happens at 0.1.

# %%
def compared(plan):
    """The settings of both recipes that differ from each other or are the branch's own."""
    recipes = {"baseline": plan.baseline.to_json(), "exposed": plan.exposed.to_json()}
    settings = pd.DataFrame({name: {f: str(v) for f, v in values.items()} for name, values in recipes.items()})
    own = ["model", "budget", "confidence_weight", "hints", "cutout", "milestones", "precision"]
    differ = settings.index[settings["baseline"] != settings["exposed"]].drop(["name", "parent"])
    return settings.loc[[*differ, *(field for field in own if field not in differ)]]


compared(next(iter(plans.values())))

# %%
store = Store(ROOM)
evaluations, not_run = evaluate_each(store, plans, ROOM / "records" / "04_confidence_branch", seeds=SEEDS, draws=DRAWS, progress=print)

# %%
records = pd.concat([evaluation.records for evaluation in evaluations.values()], ignore_index=True)
first_name, first = next(iter(evaluations.items()))
in_dist = first.records["in_dist"].iloc[0]
print(f"{len(records):,} measured values; pictures below are of {in_dist}")

# %% [markdown]
# ## 4.5 Did the branch learn anything? Lambda and confidence over the training
#
# First of all: has a branch collapsed?

# %%
def verdict(recipe, log):
    """One sentence on the branch at the end of a training, about the inliers that it was trained on."""
    last = log[-1]
    between = f"90 % of its confidences on training images lie in {last['confidence_5']:.3f} to {last['confidence_95']:.3f}"
    was = [row["epoch"] for row in log if row["collapse"] in ("high", "low")]
    past = f"; all were high or low after {len(was)} of {len(log)} epochs, the last time after epoch {was[-1]}" if was else ""
    state = f"COLLAPSED ({last['collapse']})" if last["collapse"] else "tells its images apart"
    return f"{recipe.name}, seed {recipe.seed}: {state}, {between}{past}"


for evaluation in evaluations.values():
    for run in dict.fromkeys(evaluation.runs.values()):
        print(verdict(run.recipe, run.log))

# %%
def training_figure(logs):
    """Lambda, the confidences of training images and the outliers' loss, one column a training: {title: log rows}."""
    size = (max(6.4, 2.7 * len(logs) + 0.6), 5.2)
    figure, panels = plt.subplots(2, len(logs), figsize=size, squeeze=False, sharex="col", sharey="row")
    for (above, below), (title, rows) in zip(panels.T, logs.items(), strict=True):
        log = pd.DataFrame(rows)
        epochs = np.arange(1, len(log) + 1)
        above.plot(epochs, log["lambda"], color=figures.BLUE, marker="o", markersize=3)
        above.set(yscale="log", title=title)
        below.fill_between(epochs, log["confidence_5"], log["confidence_95"], color=figures.BLUE, alpha=0.2, label="5th to 95th percentile")
        below.plot(epochs, log["confidence"], color=figures.BLUE, marker="o", markersize=3, label="mean, training images")
        if (log["outlier_loss"] < 0).any():
            tuned = log["outlier_loss"] < 0
            below.plot(epochs[tuned], np.exp(log["outlier_loss"][tuned]), color=figures.VERMILION, marker="s", markersize=3,
                       label="outliers, geometric mean")
            for axes in (above, below):
                axes.axvline(epochs[tuned][0] - 0.5, color=figures.GREY, linestyle=":", linewidth=1)
        below.set(xlabel="epoch", ylim=(-0.02, 1.02))
        below.xaxis.get_major_locator().set_params(integer=True)
    panels[0][0].set_ylabel(r"$\lambda$")
    panels[1][0].set_ylabel("confidence")
    figure.legend(*panels[1][0].get_legend_handles_labels(), loc="outside lower center", ncols=3, fontsize=8)
    return figure


whole = {f"{in_dist}, seed 0 (dotted: outliers begin)": first.runs["Branch", 0].log + first.runs["+OE", 0].log}
figures.publish(training_figure(whole), "04_training", ROOM / "figures", "Above the price of a hint, below the confidences of training images and of outliers, over the epochs of training and of fine-tuning.")

# %% [markdown]
# Left of the dotted line all confidences start alike. What follows is a race of two learners, the classifier, whose errors are all that the branch can
# learn from, and $\lambda$. While $\lambda$ is low, everybody asks, until it has risen. If the classifier gets its training images right while $\lambda$ is high, nobody
# needs a hint at that price, and all confidences end high. How far can $\lambda$ travel at one percent a step?

# %%
for name, evaluation in evaluations.items():
    run = evaluation.runs["Branch", 0]
    trained_on = min(run.stamp["data"]["inliers"]["n"] - run.recipe.holdout, run.recipe.limit or math.inf)
    steps = run.recipe.epochs * math.ceil(trained_on / run.recipe.batch_size)
    print(f"{name}: {steps:,} steps, so that lambda can rise or fall by a factor of at most 10^{-steps * math.log10(0.99):.1f}; "
          f"it started at {run.recipe.confidence_weight:g} and ended at {run.log[-1]['lambda']:.2g}")  # fmt: skip

# %% [markdown]
# The paper's network takes 78,200 steps on CIFAR-10. A rule that was made for long trainings may have no time to settle in a short one.
#
# At the dotted line the outliers begin: their confidence drops, and the inliers' confidence can drop with it, until the
# outliers have arrived at the clamp and the price of hints lifts the inliers again. A fine-tuning that is too short ends in the dip, and in one that is
# too fast $\lambda$ overshoots: every step over the budget raises it by a hundredth, a few hundred steps multiply it by ten or more, and then both parts tear at
# the features. Three things tell: the accuracy below, $\lambda$ above, and inliers that are all at 1. The last alone is no fault once there are outliers, as long as
# those are not at 1, too. Their geometric mean does not say so, since a few confidences near zero decide it; the histogram of 4.7 does.
#
# Test accuracy in percent, before (`MSP`) and after (`+OE`); `std` is over seeds:

# %%
accuracy = pd.concat([evaluation.quality for evaluation in evaluations.values()])
accuracy.groupby(["in_dist", "method"], sort=False)["accuracy"].agg(["mean", "std", "count"]).style.format(precision=2, na_rep="")

# %% [markdown]
# ## 4.6 Table 3
#
# Three detectors. **MSP** and **Branch** are two scores of *one* network, $-\max_c p_c$ and $-b(x)$; **+OE** is the branch of its fine-tuned
# copy. The paper prints means over the out-distributions of its Table 7.

# %%
table_3 = paper.compare(records, 3)
paper.publish(table_3, "table_03", ROOM / "tables")
Markdown(paper.rendered(table_3))

# %%
def ordering(name):
    """Whether the mean AUROC rises from MSP to Branch to +OE, in words."""
    means = table_3.loc[(name, "Mean")]["AUROC"].xs("mean", level=1)
    steps = [("Branch", "MSP"), ("+OE", "Branch")]
    told = [f"{new} is {'better' if means[new] > means[old] else 'worse'} than {old} by {abs(means[new] - means[old]):.1f}" for new, old in steps]
    return f"{name}, mean AUROC in points: {', '.join(told)}."


def collapsed_in(evaluation):
    """What has to be known of the comparison: which branches have nothing left to say, before the outliers came and after them."""
    ends = {(when, seed): run.log[-1]["collapse"] for when, method in (("before", "Branch"), ("after", "+OE"))
            for (of, seed), run in evaluation.runs.items() if of == method}  # fmt: skip
    fallen = {when: ", ".join(f"seed {seed} ({end})" for (at, seed), end in ends.items() if end and at == when) for when in ("before", "after")}
    said = {"before": "Before the outliers the branch had collapsed in {}: there +OE is compared with no working branch.",
            "after": "After them it had in {}: it answers nearly all images alike, and its order is left to small differences."}  # fmt: skip
    return " ".join(said[when].format(those) for when, those in fallen.items() if those) or "No branch had collapsed."


for evaluation in evaluations.values():
    print(ordering(evaluation.records["in_dist"].iloc[0]), collapsed_in(evaluation))

# %%
Markdown(paper.told(records, accuracy, 3, "MSP", "+OE"))

# %% [markdown]
# The paper's text says that the branch improves over MSP. In its table that holds for both CIFARs in FPR95 and AUROC; for Tiny ImageNet the
# branch is behind MSP in all three metrics, and for CIFAR-10 in AUPR. Where the branch is behind MSP here, three things may be to blame: on an easy set it has seen few errors; a training
# may be too short for $\lambda$; and what a branch near its high end says beyond the second decimal place nobody has trained. The last column is another matter:
# with outliers, the branch is asked a question that training data can answer. What it gains is to be held against MSP, too, which needs no branch.
#
# The exposed network was also trained longer. A control, scored by its branch as well: as many further epochs at the same rates, without outliers. Means over the out-distributions, and the classifier's error:

# %%
control = controlled(store, {name: found.tests.experiment for name, found in evaluations.items()}, SEEDS, progress=print)
control.round(1)

# %%
print(paper.parted(control))

# %% [markdown]
# The sets behind the means:

# %%
every_set = paper.compare(records, 3, every_set=True)
paper.publish(every_set, "table_03_sets", ROOM / "tables")
strips = figures.seed_strips(first.records, every_set.loc[in_dist], title=f"{in_dist}: dots are trainings")
figures.publish(strips, "04_sets", ROOM / "figures", "FPR95, AUROC and AUPR of each training (dots) and their means (bars) for every out-distribution, by three scores.")

# %% [markdown]
# ## 4.7 Confidences before and after
#
# The scores of the first seed on whole test sets, all out-distributions together. As a number, $b(x)$ is 1 from $z = 37$ on, and an exposed network
# can have most of its inliers there; scored with it they would all tie. The score here is $-z$, the logarithm of the odds of doubt: the order of $-b(x)$, without the ties. 0 is a confidence of one half.

# %%
def pooled(method):
    """Scores of one method: (inliers, the anomalies of all out-distributions)."""
    pairs = [scores[method] for scores in first.scores.values()]
    return pairs[0][0], np.concatenate([anomalies for _, anomalies in pairs])


figure = figures.score_histograms({method: pooled(method) for method in ("Branch", "+OE")}, title="log odds of doubt", log=True)
figures.publish(figure, "04_confidences", ROOM / "figures", "Log odds of doubt of inliers and anomalies, before and after Outlier Exposure.")

# %% [markdown]
# Mind the logarithmic axis, and that each panel has its own range. How much of it do both heaps share, before and after? Inliers that have gone to the right with the anomalies are the price.
#
# Does it matter how the score is written down? The same networks, scored with $-b(x)$ as a number in double and in single precision, all out-distributions
# together; and the share of inliers that have the very same score as another one. Exact numbers would make the three rows equal, so what differs is due to ties:

# %%
from oe_core import auroc, detection_metrics


def written(as_number):
    """FPR95 and AUROC of the exposed network with its scores as such numbers, and the inliers that tie, percent."""
    inliers, anomalies = (as_number(scores) for scores in pooled("+OE"))
    measured = detection_metrics(inliers, anomalies)
    counts = np.unique(inliers, return_counts=True)[1]
    tied = counts[counts > 1].sum() / len(inliers)
    return {"FPR95": 100 * measured["FPR95"], "AUROC": 100 * measured["AUROC"], "inliers that tie": 100 * tied}


ways = {"order of z": np.asarray, "double": lambda score: -1 / (1 + np.exp(score)), "single": lambda score: -1 / (1 + np.exp(score.astype(np.float32)))}
with np.errstate(over="ignore"):
    as_numbers = {name: written(as_number) for name, as_number in ways.items()}
pd.DataFrame(as_numbers).T.round(1)

# %% [markdown]
# ## 4.8 All thresholds at once

# %%
aurocs = every_set.loc[in_dist]["AUROC", "+OE", "mean"].drop("Mean")


def one_draw(name):
    """The scores of the first draw, one anomaly to five inliers: {method: (in_scores, out_scores)}."""
    inside, outside = first.draws[name][0]
    return {method: (ins[inside], outs[outside]) for method, (ins, outs) in first.scores[name].items()}


pairs = {f"{in_dist} against {name}": one_draw(name) for name in dict.fromkeys((aurocs.idxmin(), aurocs.idxmax()))}
figures.publish(figures.roc_pr_grid(pairs), "04_roc_pr", ROOM / "figures", "ROC and precision-recall curves of the hardest and the easiest out-distribution, by three scores.")

# %% [markdown]
# Hardest and easiest are meant for **+OE**, in the mean over trainings; the curves are one draw of seed 0. A curve below the diagonal is a score that finds anomalies more normal than inliers.

# %% [markdown]
# ## 4.9 Choices that could have been others
#
# One training of each, seed 0: means over the out-distributions in percent, beside the accuracy without and with exposure.
# `tuned-without-hints` shares its baseline with the chapter's choice. `other-cutout` has holes where the chapter has none, and none where it has them; that takes two trainings more, which scale `demo` leaves to
# `-p VARIANTS tuned-without-hints,other-cutout`.

# %%
def choice(found):
    """Mean AUROC of each column, and FPR95 and accuracy of the exposed network; seed 0."""
    means = found.records.query("seed == 0").groupby(["metric", "method"])["value"].mean()
    quality = found.quality.query("seed == 0").set_index("method")["accuracy"]
    return {**{f"AUROC {m}": means["AUROC", m] for m in ("MSP", "Branch", "+OE")},
            "FPR95 +OE": means["FPR95", "+OE"], "accuracy": quality["MSP"], "accuracy +OE": quality["+OE"]}  # fmt: skip


others = {variant: evaluate(store, plan_of(first_name, variant), seeds=1, draws=DRAWS) for variant in VARIANTS}
pd.DataFrame({variant: choice(found) for variant, found in {"as above": first, **others}.items()}).T.round(1)

# %% [markdown]
# One training each: differences of a few points mean nothing here. Compare them with the spread over seeds in Table 3.

# %% [markdown]
# ## 4.10 Collapse on purpose
#
# The same baseline with a budget of 0.01 instead of 0.3 (`small-budget`), with hints that cost 0.003 at first (`cheap-hints`), and with hints that cost 0.1, as in the public code, where those above cost less. What do you
# expect of $\lambda$, and of the confidences? And of the detector?

# %%
collapsed = {variant: store.run(recipe) for variant, recipe in collapses_of(first_name).items()}
for variant, run in collapsed.items():
    print(f"{variant}, {run.origin}: {verdict(run.recipe, run.log)}")

# %%
if collapsed:
    logs = {"as in 4.5": first.runs["Branch", 0].log, **{variant: run.log for variant, run in collapsed.items()}}
    figures.publish(training_figure(logs), "04_collapse", ROOM / "figures", "Above the price of a hint, below the confidences of training images over the epochs, as trained in 4.5 and in settings that invite a collapse.")

# %% [markdown]
# A small budget is overdrawn at once, and $\lambda$ rises: given the steps for it, the branch is driven to be sure of everything. Where hints are cheap every example asks,
# and one percent a step may be too slow to end that. Where they are dear nobody asks, and $\lambda$ may come down too late. What becomes of the detector, and
# of the classifier (one training each, means over the out-distributions):

# %%
from oe_core.detectors.branch.scores import BRANCH_SCORES
from oe_core.detectors.kind import accuracy as accuracy_of
from oe_core.evaluation.asking import Asked


def worth(run):
    """The mean AUROC of both scores of one network over the out-distributions, and its accuracy, percent."""
    asked = Asked(run, store)
    inside, outs = asked.outputs(first.tests.inside), [asked.outputs(out) for out in first.tests.outs]
    means = {f"AUROC {name}": 100 * np.mean([auroc(score(inside), score(out)) for out in outs]) for name, score in BRANCH_SCORES.items()}
    return means | {"accuracy": accuracy_of(inside, first.test)}


pd.DataFrame({name: worth(run) for name, run in {"as in 4.5": first.runs["Branch", 0], **collapsed}.items()}).T.round(1)

# %% [markdown]
# These measures ask for an order alone, and a collapsed branch still has one, of small differences that no training meant: it can come out better or worse than that of a working branch, and otherwise with the next seed.
# Whether or not AUROC and accuracy show a collapse, the spread of the confidences does, and the log has that.

# %% [markdown]
# ## 4.11 What was not run

# %%
missing = not_run | {f"{name} / {out}": why for name, e in evaluations.items() for out, why in e.tests.missing.items()}
print("\n\n".join(f"{name}\n{why}" for name, why in missing.items()) or "Everything that was asked for was run.")

# %% [markdown]
# ## Summary
#
# - A confidence can be trained without labels for it: sell the label as a hint, at a price that keeps the mean penalty at a budget.
# - The branch learns from the labels that the network finds unlikely in training. Few of them, little to learn; and none looks like an anomaly.
# - All confidences alike is a collapse. It need not show in the accuracy; it shows in the log, if one looks. What is compared with a collapsed branch is compared with nothing.
# - Outlier Exposure gives the branch what it lacked, examples to be unsure of. Its term has no lowest value; a clamp ends it.
# - A method without public code is a list of choices. Print the list.

# %% [markdown]
# ## Exercises
#
# **1. The cheapest confidence.** *Hard, 25 minutes.* Which $b \in (0, 1]$ minimises the expected loss of 4.1,
# $-\frac{1}{2} \log(b\, p_y + 1 - b) - \frac{1}{2} \log p_y - \lambda \log b$, for $p_y < 1$? From which $p_y$ on is it 1? Write `cheapest(p_y, price)`, and check it against the marks.
#
# <details><summary>Hint</summary>Set the derivative in b to zero; then think of the end of the interval.</details>

# %% [markdown] tags=["solution"]
# The derivative $\frac{1 - p_y}{2 (1 - b (1 - p_y))} - \frac{\lambda}{b}$ vanishes at $b^* = \frac{2 \lambda}{(1 + 2 \lambda)(1 - p_y)}$; where
# that is above 1, the end $b = 1$ is the cheapest, from $p_y = 1 / (1 + 2 \lambda)$ on.

# %% tags=["solution"]
def cheapest(p_y, price):
    return min(1.0, 2 * price / ((1 + 2 * price) * (1 - p_y)))


for p_y in (0.3, 0.6, 0.9, 0.98):
    assert abs(cheapest(p_y, 0.1) - confidence[expected_loss(confidence, p_y, 0.1).argmin()]) < 0.005
    print(f"p_y = {p_y}: cheapest b = {cheapest(p_y, 0.1):.3f}")
print(f"b = 1 from p_y = {1 / (1 + 2 * 0.1):.3f} on")

# %% [markdown] tags=["solution"]
# The cheapest confidence grows with $1 / (1 - p_y)$: a branch that does its work is a guess of how likely the network finds the true
# class. MSP is another guess of the same thing, which may be why their AUROCs in the paper's Table 3 lie within four points of each other.

# %% tags=["check"]
check.cheapest_confidence(cheapest)

# %% [markdown]
# **2. Does the branch know its errors?** *Medium, 20 minutes.* On the test inliers of seed 0, with "wrong" as the positive class: the AUROC, in percent, of MSP and of
# $-b(x)$, for the baseline and for the exposed network. Put it into a table `knows_errors`: rows MSP and Branch, columns `baseline` and `exposed`; a network without errors has no column.
#
# <details><summary>Hint</summary>Each of <code>BRANCH_SCORES</code> takes the outputs of <code>first.asked[method, 0]</code>; their last column is the confidence.</details>

# %% tags=["solution"]
columns = {}
for label, method in {"baseline": "Branch", "exposed": "+OE"}.items():
    outputs = first.asked[method, 0].outputs(first.tests.inside)
    wrong = outputs[:, :-1].argmax(axis=1) != first.test.labels.numpy()
    print(f"{label}: {wrong.sum()} wrong")
    if wrong.any() and not wrong.all():
        columns[label] = {name: 100 * auroc(score(outputs)[~wrong], score(outputs)[wrong]) for name, score in BRANCH_SCORES.items()}
knows_errors = pd.DataFrame(columns)
knows_errors.round(1)

# %% [markdown] tags=["solution"]
# The count of wrong examples says how far to trust the two numbers of its column. Doubt about an inlier and doubt about an anomaly are two things,
# and Outlier Exposure trains the second.

# %% tags=["check"]
check.its_errors(knows_errors, first)

# %% [markdown]
# **3. A term with a floor of its own.** *Medium, 15 minutes.* Instead of $0.5\, \mathbb{E}[\log b(x')]$ one could minimise $-0.5\, \mathbb{E}[\log (1 - b(x'))]$, as a
# logistic regression would. Write the slopes in $z$ of $\log b$ and of $-\log(1 - b)$ as functions of $b$, `slope_paper(b)` and `slope_logistic(b)`, and compare them at $b = 0.9, 0.5, 0.1, 10^{-3}$.
# What changes?
#
# <details><summary>Hint</summary>The slope of the sigmoid is b (1 - b); the rest is the chain rule.</details>

# %% tags=["solution"]
def slope_paper(b):
    return 1 - b


def slope_logistic(b):
    return b


shown = np.array([0.9, 0.5, 0.1, 1e-3])
pd.DataFrame({"b": shown, "slope of log b": slope_paper(shown), "slope of -log(1 - b)": slope_logistic(shown)}).round(3).T

# %% [markdown] tags=["solution"]
# The paper's term pushes hardest where the outlier is already recognised, and least where the network is confident; the logistic one
# does the opposite, comes to rest at $b = 0$, and needs no clamp.

# %% tags=["check"]
check.slopes(slope_paper, slope_logistic)

# %% [markdown]
# ## References
#
# - D. Hendrycks, M. Mazeika, T. Dietterich. *Deep Anomaly Detection with Outlier Exposure.* ICLR 2019. Section 4.3, Table 3.
# - T. DeVries, G. W. Taylor. *Learning confidence for out-of-distribution detection in neural networks.* arXiv:1802.04865, 2018. Code:
#   `uoguelph-mlrg/confidence_estimation`.
# - T. DeVries, G. W. Taylor. *Improved regularization of convolutional neural networks with Cutout.* arXiv:1708.04552, 2017.
