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
# # 2. Vision: teaching a classifier to doubt
#
# A classifier must choose one of its classes even for an image that shows none of them, and it often chooses with
# confidence.
#
# > If a classifier is shown, while it learns, images that belong to none of its classes, will it notice other anomalies
# > that it has never been shown, and what does that cost?
#
# **You will learn**
#
# - the loss of Outlier Exposure, in ten lines and in the package;
# - what changes between a baseline and its fine-tuned copy, and what does not;
# - to read the paper's Tables 1, 7 and 10 and its Figures 1 and 4 beside your own numbers;
# - which anomalies are caught, which are not, and why the choice of outliers matters;
# - to tell the spread over test subsets from the spread over trainings.
#
# Needed: softmax and gradient descent, and the three metrics of chapter 1.

# %% tags=["parameters"]
SCALE = "demo"
IN_DISTS: list[str] = []  # data sets to learn; empty: those of the scale
OUTLIERS = ""  # data set of outliers; empty: the paper's, or its stand-in
OUT_DISTS: list[str] = []  # test anomalies; empty: the paper's for the in-distribution
SEEDS: int | None = None  # trainings of each network; None: as many as the scale has
DRAWS: int | None = None  # test subsets of each trained network; None: ten, as in the paper
SHARE = 1.0  # of every schedule's epochs; 0.3 makes 30 of 100, and tables say so
VARIANT = "paper"  # "code": the official code's settings where they differ from the text

# %% tags=["checks"]
from dataclasses import replace

from oe_core import check_counts, check_lists, experiment, in_dists

check_counts(SEEDS=SEEDS, DRAWS=DRAWS)
check_lists(IN_DISTS=IN_DISTS, OUT_DISTS=OUT_DISTS)
chosen = IN_DISTS or in_dists(SCALE)
plans = {
    name: experiment(name, SCALE, outliers=OUTLIERS, out_dists=OUT_DISTS, variant=VARIANT, share=SHARE)
    for name in chosen
}
# Fine-tuned as long as the exposed network, and without outliers.
controls = [([plan.longer], SEEDS or plan.seeds) for plan in plans.values()]
trainings = [(plans.values(), SEEDS), *controls]  # what `make runs` trains: (experiments or recipes, how many seeds)

# %%
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import torch
import torch.nn.functional as F
from exercises import ch02_vision_msp as check
from IPython.display import Markdown

from oe_core import MissingDataError, Store, ablate, evaluate_each, figures, losses, msp, paper, runs_root
from oe_core.evaluation.ablations import controlled, summary

plt.rcParams.update(figures.STYLE)
ROOM = runs_root() / SCALE

# %% [markdown]
# ## 2.1 Three kinds of images
#
# Three roles, and no image may play two of them:
#
# - $\mathcal{D}_{\text{in}}$, the **in-distribution**: the images that the classifier learns, with their labels;
# - $\mathcal{D}_{\text{out}}^{\text{OE}}$, the **outliers**: a large set of other images, without labels, used in training;
# - $\mathcal{D}_{\text{out}}^{\text{test}}$, the **out-distributions**: the anomalies of the test. They are kept unknown, as
#   the anomalies of the world are: nothing is trained or tuned on them.
#
# Some data sets of the paper are large, some have been withdrawn. Where one is not at hand, a stand-in takes its place
# under its own name; where there is none, the data set is reported as not run.

# %%
from oe_core import load_images, out_sets, substituted


def sheet_of(plan, columns=10):
    """Ten images for each role of an experiment."""
    plan = substituted(plan)
    size, inliers = plan.baseline.size, load_images(plan.baseline.in_dist, "train", plan.baseline.size)
    outliers = load_images(plan.exposed.outliers, "train", size)
    rows = {f"in: {inliers.name}": inliers.images, f"outliers: {outliers.name}": outliers.images}
    found, _ = out_sets(plan, num_inliers=columns)
    rows |= {f"test: {out.printed}": out.inputs() for out in found}
    spread = {name: images[:: max(1, len(images) // columns)][:columns] for name, images in rows.items()}
    signed = plan.baseline.signed
    return figures.image_grid({name: figures.pixels(images, signed) for name, images in spread.items()})


# %%
shown = None
for name, plan in plans.items():
    try:
        shown = shown or sheet_of(plan)
    except MissingDataError as error:
        print(f"{name} has no pictures to show: {error}")
if shown is not None:
    figures.publish(shown, "02_images", ROOM / "figures", "Examples of the in-distribution, of the outliers that train and of every set that tests.")

# %% [markdown]
# The first row has classes; all other rows are "none of them". Which of the test rows do the outliers resemble, and which not? If Outlier Exposure
# works on the latter, it is not by recognising its outliers again.

# %% [markdown]
# ## 2.2 The loss, by hand
#
# Let $f(x)$ be the softmax posterior over $k$ classes and $\mathcal{U}$ the uniform distribution over them. The baseline
# minimises the usual cross-entropy. Outlier Exposure adds a second term, which asks for a uniform posterior on outliers:
#
# $$\mathbb{E}_{(x, y) \sim \mathcal{D}_{\text{in}}}\big[-\log f_y(x)\big]
# + \lambda\, \mathbb{E}_{x' \sim \mathcal{D}_{\text{out}}^{\text{OE}}}\big[H(\mathcal{U}; f(x'))\big],
# \qquad H(\mathcal{U}; f(x')) = -\frac{1}{k} \sum_{c} \log f_c(x').$$
#
# For vision $\lambda = 0.5$. One batch holds inliers first and outliers after them, in **one** forward pass, so that batch
# normalisation sees both. Each part is averaged by itself.

# %%
torch.manual_seed(0)
logits, labels = torch.randn(128 + 256, 10), torch.randint(10, (128,))  # a joint batch: 128 inliers, 256 outliers
log_f = logits - logits.logsumexp(dim=1, keepdim=True)
inlier_part = -log_f[:128].gather(1, labels[:, None]).mean()
outlier_part = -log_f[128:].mean(dim=1).mean()
by_hand = inlier_part + 0.5 * outlier_part

# %%
by_package, *_ = losses.outlier_exposure(logits, labels, oe_weight=0.5)
assert torch.isclose(by_hand, by_package)
print(f"by hand {by_hand:.4f}, package {by_package:.4f}, lowest possible outlier part {np.log(10):.4f} = log 10")

# %% [markdown]
# The outlier part cannot fall below $\log k$, which the uniform posterior reaches: at that point the score
# $-\max_c f_c$ (**MSP**) of an outlier is $-1/k$, the most anomalous value it can have.
#
# What does one step do to one outlier? Its gradient with respect to the logits is $f(x') - \mathcal{U}$: whatever class is
# too likely is pushed down, and all the others up.

# %%
outlier = torch.tensor([[4.0, 1.0, 0.5, 0.0, 0.0]], requires_grad=True)
losses.uniform_cross_entropy(outlier).backward()
pd.DataFrame({"f(x')": F.softmax(outlier, dim=1)[0].detach(), "gradient": outlier.grad[0]}).round(3).T

# %% [markdown]
# ## 2.3 Two recipes
#
# Everything that determines a network is one frozen recipe. The exposed network starts as a copy of the baseline and is
# **fine-tuned**: the same inliers, plus the outliers, at a smaller learning rate; in the paper for 10 epochs after 100
# (on SVHN after 20).

# %%
def compared(plan):
    """The settings of both recipes, those that differ first."""
    recipes = {"baseline": plan.baseline.to_json(), "exposed": plan.exposed.to_json()}
    columns = {name: {field: str(value) for field, value in recipe.items()} for name, recipe in recipes.items()}
    settings = pd.DataFrame(columns).drop(index=["kind", "name", "parent"])
    return settings.loc[(settings["baseline"] == settings["exposed"]).sort_values(kind="stable").index]


compared(plans[chosen[0]])

# %% [markdown]
# The rows at the top differ. In those with `outlier` in their name the baseline's value stands for nothing, as it has no
# outliers. The schedule is a half cosine over the steps of each training; the optimiser is SGD with Nesterov momentum.
#
# Now the work: train every network that the store does not hold yet, score all test sets once, draw the test
# subsets. A training that is interrupted goes on from its last checkpoint when this cell runs again.

# %%
store = Store(ROOM)
evaluations, not_run = evaluate_each(store, plans, ROOM / "records" / "02_vision_msp", seeds=SEEDS, draws=DRAWS, progress=print)

# %%
records = pd.concat([evaluation.records for evaluation in evaluations.values()], ignore_index=True)
shown_name = next((name for name in evaluations if name.startswith("tiny-imagenet")), next(iter(evaluations)))
first, first_plan = evaluations[shown_name], plans[shown_name]
in_dist = first.records["in_dist"].iloc[0]
print(f"{len(records):,} measured values; pictures below are of {in_dist}")

# %% [markdown]
# ### The training, epoch by epoch

# %%
baseline_log, exposed_log = (pd.DataFrame(first.runs[method, 0].log) for method in ("MSP", "+OE"))
figure, axes = plt.subplots(figsize=(6.4, 3.4))
epochs = np.concatenate((baseline_log["epoch"], len(baseline_log) + exposed_log["epoch"]))
inlier_loss = np.concatenate((baseline_log["inlier_loss"], exposed_log["inlier_loss"]))
axes.plot(epochs, inlier_loss, color=figures.BLUE, marker="o", markersize=3, label="inliers: cross-entropy")
axes.plot(epochs[len(baseline_log) :], exposed_log["outlier_loss"], color=figures.VERMILION, marker="s", markersize=3,
          label=r"outliers: $H(\mathcal{U}; f(x'))$")  # fmt: skip
lowest = np.log(len(first.test.classes))
axes.axhline(lowest, color=figures.GREY, linewidth=0.9, label=rf"$\log {len(first.test.classes)}$, uniform posteriors")
axes.axvline(len(baseline_log) + 0.5, color=figures.GREY, linestyle=":", linewidth=1)
axes.set(xlabel="epoch (dotted: fine-tuning begins)", ylabel="loss (nats)", ylim=(0, None))
axes.xaxis.get_major_locator().set_params(integer=True)
axes.legend()
figures.publish(figure, "02_training", ROOM / "figures", "Losses of the inliers and of the outliers over training and fine-tuning.")

# %% [markdown]
# After the dotted line the outliers' loss is trained on, and can fall to its lowest value, but no further. A jump of the inliers' loss at the line comes with the outliers:
# the control of 2.5 begins at the same learning rate, without them. How far both have come:

# %%
print(f"outliers: {exposed_log['outlier_loss'].iloc[0]:.2f} in the first epoch, {exposed_log['outlier_loss'].iloc[-1]:.2f} in the last, lowest possible {lowest:.2f}")
print(f"inliers: {baseline_log['inlier_loss'].iloc[-1]:.3f} at the end of the baseline, {exposed_log['inlier_loss'].iloc[-1]:.3f} at the end")

# %% [markdown]
# ## 2.4 The cost: accuracy
#
# A detector that ruins its classifier is of no use. Test accuracy in percent, before and after:

# %%
accuracy = pd.concat([evaluation.quality for evaluation in evaluations.values()])
accuracy.groupby(["in_dist", "method"], sort=False)["accuracy"].agg(["mean", "std", "count"]).style.format(precision=2, na_rep="")

# %% [markdown]
# `std` is over seeds; it has no value for one seed. Two rows closer than the spread of either are equal for all that
# we know. The paper calls the change negligible; the logs of its code have at most 0.2 points on SVHN and the CIFARs,
# and 2.3 on Tiny ImageNet. Section 2.5 says what came out here.

# %% [markdown]
# ## 2.5 The gain: Table 7, and Table 1
#
# Score every test image by $-\max_c f_c(x)$. The positive class are the anomalies, one to five inliers.

# %%
table_7 = paper.compare(records, 7)
paper.publish(table_7, "table_07", ROOM / "tables")
Markdown(paper.rendered(table_7))

# %% [markdown]
# Each cell shows our number and, where the paper printed one for the very same pair of data sets, the paper's behind it.
# Read it along a row: from **MSP** to **+OE**, FPR95 should fall, AUROC and AUPR rise. Then look for the rows where they
# do not: they tell more about the method than the mean.

# %%
table_1 = paper.compare(records, 1)
paper.publish(table_1, "table_01", ROOM / "tables")
Markdown(paper.rendered(table_1))

# %% [markdown]
# Table 1 is the mean of these rows. A mean over other out-distributions is another quantity, so the paper's value stands
# beside ours only where the sets are the same.

# %%
figure = figures.before_after(table_7.loc[in_dist], title=f"{in_dist}: all out-distributions and their mean")
figures.publish(figure, "02_gain", ROOM / "figures", "FPR95, AUROC and AUPR for every out-distribution, without and with Outlier Exposure.")

# %% [markdown]
# Each line joins the baseline and its exposed copy; a bar through a mark is the spread over seeds. Did exposure win, where did it
# not, and what did it cost?

# %%
Markdown(paper.told(records, accuracy, 7, "MSP", "+OE"))

# %% [markdown]
# A set on which little is gained is of one of two kinds: the baseline had little left to gain, or the doubt about outliers did not carry over to
# it. For the latter, how far has the exposed network come on each set, from its inliers' mean score (0 %) to the uniform posterior (100 %)?

# %%
def carried(ins, outs):
    """The share of the way from the inliers' mean score to that of a uniform posterior, percent."""
    return 100 * (outs.mean() - ins.mean()) / (-1 / len(first.test.classes) - ins.mean())


ways = {name: {method: carried(*pair) for method, pair in of_set.items()} for name, of_set in first.scores.items()}
pd.DataFrame(ways).T.join(table_7.loc[in_dist]["AUROC"].xs("mean", axis=1, level=1).add_prefix("AUROC ")).round(1)

# %% [markdown]
# ### A control
#
# The exposed network was also trained *longer* than the baseline. So here is a third one, fine-tuned from the same baseline for as many epochs at
# the same rates, without outliers. What it gains on the first row is training; what the last gains on it is the outliers. Means over the out-distributions:

# %%
control = controlled(store, {name: found.tests.experiment for name, found in evaluations.items()}, SEEDS, progress=print)
control.round(1)

# %%
print(paper.parted(control))

# %% [markdown]
# ## 2.6 Figures 1 and 4: all thresholds at once
#
# The paper shows Tiny ImageNet against Textures (Figure 1), and against Textures, Places365, LSUN and ImageNet
# (Figure 4). The same curves for what was run here:

# %%
of_the_paper = {"Textures", "Places365", "LSUN", "ImageNet"}
photographs = [out for out in first.tests.outs if out.key not in ("gaussian", "rademacher", "bernoulli", "blobs")]
photographs.sort(key=lambda out: not of_the_paper & {out.printed, out.stand_in_for})  # those of the paper first
wanted = ([out.printed for out in photographs] or list(first.scores))[:4]


def one_draw(name):
    """The scores of the first draw, one anomaly to five inliers: {method: (in_scores, out_scores)}."""
    inside, outside = first.draws[name][0]
    return {method: (ins[inside], outs[outside]) for method, (ins, outs) in first.scores[name].items()}


figure = figures.roc_pr(one_draw(wanted[0]), f"{in_dist} against {wanted[0]}")
figures.publish(figure, "figure_1", ROOM / "figures", "ROC and precision-recall curves of one pair of data sets, as in the paper's Figure 1.")

# %%
figure = figures.roc_pr_grid({f"{in_dist} against {name}": one_draw(name) for name in wanted[1:] or wanted})
figures.publish(figure, "figure_4", ROOM / "figures", "ROC and precision-recall curves of further pairs of data sets, as in the paper's Figure 4.")

# %% [markdown]
# An exposed curve that lies above the other one everywhere is better at *every* rate of false alarms. Where curves cross, the
# winner depends on how many false alarms one can afford. The curves are those of the first seed and the first draw, so
# that the base rate is the one of the tables.
#
# Behind the curves stand two heaps of scores:

# %%
figure = figures.score_histograms(first.scores[wanted[0]], title=wanted[0], log=True)
figures.publish(figure, "02_scores", ROOM / "figures", "Scores of inliers and anomalies without and with Outlier Exposure: all test images, seed 0.")

# %% [markdown]
# Note the logarithmic axis. Left, the anomalies that lie under the inliers' heap are those to which the baseline gives the confidence of its
# inliers. Right, look how far the heap of anomalies has moved towards $-1/k$, and how many inliers went with it.

# %% [markdown]
# ## 2.7 Which ones slip through?
#
# Numbers hide the images. Of one set the exposed network's most and least suspicious ones: an inlier on the first
# line is a false alarm in waiting, an anomaly on the last line a miss.

# %%
def extremes(name, columns=10):
    """The least and the most anomalous inliers and images of one out-distribution, by the exposed network's MSP."""
    out = next(out for out in first.tests.outs if out.printed == name)
    rows, captions = {}, {}
    for kind, images, found in zip(("inliers", name), (first.test.images, out.inputs()), first.scores[name]["+OE"],
                                   strict=True):  # fmt: skip
        order = np.argsort(found, kind="stable")
        for label, picked in (("most", order[::-1][:columns]), ("least", order[:columns])):
            title = f"{kind}, {label} anomalous"
            rows[title] = figures.pixels(images[torch.from_numpy(picked.copy())], signed=first_plan.baseline.signed)
            captions[title] = [f"{found[index]:.2f}" for index in picked]
    return figures.image_grid(rows, captions)


figures.publish(extremes(wanted[0]), "02_extremes", ROOM / "figures", "The inliers and anomalies that the exposed network scores highest and lowest.")

# %% [markdown]
# Above each image stands its score. Ask of each miss whether you could name one of the classes in it: some anomalies are
# only anomalous by the name of their data set. And one inlier that turns into an anomaly, step by step: where does each network begin to doubt?

# %%
from oe_core import predict

out = next(out for out in first.tests.outs if out.printed == wanted[0])
# Noise comes as a network takes it; what is mixed is pixels.
anomalies = torch.from_numpy(255 * figures.pixels(out.inputs(), first_plan.baseline.signed)).permute(0, 3, 1, 2)
inlier, anomaly, steps = first.test.images[0].float(), anomalies[0], torch.linspace(0, 1, 11)
turning = torch.stack([(1 - step) * inlier + step * anomaly for step in steps]).round().to(torch.uint8)
answers = {label: F.softmax(predict(first.runs[method, 0], turning), dim=1).numpy() for label, method in {"baseline": "MSP", "exposed": "+OE"}.items()}
figures.posteriors(figures.pixels(turning), answers, first.test.classes, [f"{100 * step:.0f} % {wanted[0]}" for step in steps.tolist()])

# %% [markdown]
# ## 2.8 Another score for the same network: Table 10
#
# MSP looks at the most likely class only. Outlier Exposure trained *all* classes to be level on outliers, so the other
# ones hold information too: $-H(\mathcal{U}; f(x)) = \frac{1}{k}\sum_c \log f_c(x)$ uses them. Both columns are of the
# exposed networks.

# %%
table_10 = paper.compare(records, 10)
paper.publish(table_10, "table_10", ROOM / "tables")
Markdown(paper.rendered(table_10))

# %% [markdown]
# The paper finds $H(\mathcal{U}; p)$ better in every mean of its Table 10, most where classes are many (appendix E). On a network that was *not* exposed
# the faint probabilities were never asked to mean anything; exercise 2 looks at that.

# %% [markdown]
# ## 2.9 What stands behind the ±
#
# The paper's "average of 10 runs" are ten draws of test subsets, scored by one network. Training again is another matter.
# Standard deviations of each cell of Table 7, averaged over the out-distributions:

# %%
fields = ["mean", "std_draws", "std_seeds", "seeds", "draws"]
cells = table_7.drop(index="Mean", level=1).stack([0, 1], future_stack=True)
cells.groupby(level=[2, 3], sort=False)[fields].mean().round(2).astype({"seeds": int, "draws": int})

# %% [markdown]
# With one seed `std_seeds` is unknown, not zero. Where it is there, compare it with `std_draws`: if training again moves a
# cell more than drawing again, then ten draws of one network say little about the method.

# %% [markdown]
# ## 2.10 What was not run
#
# Here stands whatever this build could not get, and how to get it.

# %%
missing = not_run | {f"{name} / {out}": why for name, e in evaluations.items() for out, why in e.tests.missing.items()}
print("\n\n".join(f"{name}\n{why}" for name, why in missing.items()) or "Everything that was asked for was run.")

# %% [markdown]
# ## Summary
#
# - Outlier Exposure adds $\lambda\, \mathbb{E}[H(\mathcal{U}; f(x'))]$ to the loss: be right on inliers, undecided on outliers.
# - Fine-tuning a trained classifier brings it in; section 2.3 says for how many epochs here, 2.5 what it gained and what it cost in accuracy.
# - A control, trained as long without outliers, tells what of the gain is theirs.
# - Where little is gained, the baseline had little left to gain, or doubt about the outliers did not carry over.
# - Any score can be read off the exposed network; with level posteriors trained in, $H(\mathcal{U}; p)$ is a natural one.
# - Draws measure the test, seeds measure the training. A claim about a method needs seeds.

# %% [markdown]
# ## Exercises
#
# **1. Averaged together.** *Easy, 10 minutes.* Someone computes one mean over the joint batch of 128 + 256 examples, instead of one for each part, with
# $\lambda = 0.5$. Which $\lambda$ does the network see, up to a common factor? Write `seen(num_in, num_out, oe_weight)`, and check it with the logits of 2.2.
#
# <details><summary>Hint</summary>Write the joint mean as a sum over inliers plus a weighted sum over outliers, and divide both by the number of inliers.</details>

# %% tags=["solution"]
def seen(num_in, num_out, oe_weight):
    return oe_weight * num_out / num_in


together = torch.cat([-log_f[:128].gather(1, labels[:, None])[:, 0], 0.5 * -log_f[128:].mean(dim=1)]).mean()
assert torch.isclose(together, (inlier_part + seen(128, 256, 0.5) * outlier_part) / 3)
print(f"joint mean {together:.4f} = (inlier part + {seen(128, 256, 0.5)} * outlier part) / 3")

# %% [markdown] tags=["solution"]
# Twice as many outliers as inliers double $\lambda$, from 0.5 to 1: the mean over all is $(128\, a + 256\, \lambda\, b) / 384$.

# %% tags=["check"]
check.averaged_together(seen)

# %% [markdown]
# **2. Was exposure needed for $H(\mathcal{U}; p)$?** *Medium, 20 minutes.* Score the *baseline* and the *exposed* network of seed 0 with both scores of
# `oe_core.scores.SCORES`. Put the mean AUROC over the out-distributions, in percent, into a table `both_scores`: a column for each network, a row for each score.
#
# <details><summary>Hint</summary><code>first.asked[method, 0].outputs(...)</code> gives the logits of <code>first.tests.inside</code> and of each of <code>first.tests.outs</code>.</details>

# %% tags=["solution"]
from oe_core import auroc, scores

columns = {}
for network, method in {"baseline": "MSP", "exposed": "+OE"}.items():
    asked = first.asked[method, 0]
    in_logits, outs = asked.outputs(first.tests.inside), [asked.outputs(out) for out in first.tests.outs]
    columns[network] = {
        name: 100 * np.mean([auroc(score(in_logits), score(out)) for out in outs])
        for name, score in scores.SCORES.items()
    }
both_scores = pd.DataFrame(columns)
both_scores.round(1)

# %% [markdown] tags=["solution"]
# The step from one column to the next is training with outliers; the step from row to row is only another way to read the same
# logits. Compare their sizes. All of it was free: the store keeps logits, not scores.

# %% tags=["check"]
check.both_scores(both_scores, first)

# %% [markdown]
# **3. Temperature is no exposure.** *Medium, 15 minutes.* Dividing the baseline's logits by $T > 1$ flattens every posterior. Does it move FPR95, in the mean over
# the out-distributions, towards that of the exposed network? Put the baseline's mean in percent into a dict `at_temperature`, for $T$ = 1, 2, 10, 100.
#
# <details><summary>Hint</summary>Both the inliers' and the anomalies' logits are divided; the threshold moves with them.</details>

# %% tags=["solution"]
from oe_core import fpr_at_tpr

asked = first.asked["MSP", 0]
in_logits, outs = asked.outputs(first.tests.inside), [asked.outputs(out) for out in first.tests.outs]
at_temperature = {t: 100 * np.mean([fpr_at_tpr(msp(in_logits / t), msp(out / t)) for out in outs]) for t in (1, 2, 10, 100)}
print(", ".join(f"T = {t}: FPR95 {fpr:.1f} %" for t, fpr in at_temperature.items()))
exposed_fpr = 100 * np.mean([fpr_at_tpr(*of_set["+OE"]) for of_set in first.scores.values()])
change = at_temperature[100] - at_temperature[1]
print(f"exposed: FPR95 {exposed_fpr:.1f} %; T = 100 {'hurts' if change > 0 else 'helps' if change < 0 else 'changes nothing'} ({change:+.1f} points)")

# %% [markdown] tags=["solution"]
# Temperature changes the order of scores only through the interplay of the lesser logits, so it may help or hurt; it adds no knowledge about
# what an anomaly looks like. That knowledge has to come from data.

# %% tags=["check"]
check.temperature(at_temperature, first)

# %% [markdown]
# **4. How much of an anomaly does it take?** *Medium, 25 minutes.* Mix a test inlier with an anomaly, $\alpha x' + (1 - \alpha) x$, and plot the mean MSP of the
# exposed and the baseline network against $\alpha$. Put both, of 200 of each, evenly spaced, into a table `along`: rows $\alpha$ = 0, 0.1, ... 1, columns `baseline` and `exposed`. Where does each begin to doubt?
#
# <details><summary>Hint</summary><code>predict(run, images)</code> gives logits of uint8 images; round after mixing.</details>

# %% tags=["solution"]
shares = np.linspace(0, 1, 11).round(1)
count = min(200, len(first.test), len(anomalies))
inside, outside = (images[:: len(images) // count][:count].float() for images in (first.test.images, anomalies))
mixed = [((1 - share) * inside + share * outside).round().to(torch.uint8) for share in shares]
along = pd.DataFrame({label: [msp(predict(first.runs[method, 0], images)).mean() for images in mixed]
                      for method, label in {"MSP": "baseline", "+OE": "exposed"}.items()}, index=shares)  # fmt: skip
axes = along.plot(figsize=(5.2, 3.4), style=["o--", "s-"], color=[figures.BLUE, figures.VERMILION], xlabel=rf"share $\alpha$ of the anomaly ({wanted[0]})", ylabel="mean MSP score (up = more anomalous)")
figures.publish(axes.figure, "02_mixtures", ROOM / "figures", "Mean score of images mixed of an inlier and an anomaly, over the anomaly's share.")

# %% [markdown] tags=["solution"]
# In between, the image shows two things at once. The right end tells the networks apart: there the image is an ordinary image of something
# else, and the lower a line ends, the more confident its network is that it is one of its classes.

# %% tags=["check"]
check.mixtures(along, {name: lambda images, run=first.runs[method, 0]: predict(run, images) for method, name in {"MSP": "baseline", "+OE": "exposed"}.items()},
               first.test.images, anomalies)  # fmt: skip

# %% [markdown]
# **5. Other outliers.** *Hard, 60 minutes.* Build the chapter again with other outliers (`make book CHAPTER=02_vision_msp PARAMS="-p OUTLIERS name"`, with a data
# set of your own in `OE_DATA/name/`). Which property decides how much a set helps: its size, its variety, or its likeness to the anomalies? Write down your guess first;
# then put, for two sets of outliers or more, the exposed recipe of each into a dict `taught`, and what it gains on the baseline, in points of mean AUROC, into
# a dict `gained`, both by the name of the set.
#
# <details><summary>Hint</summary>A random part of the outliers is another set of outliers, <code>name~part=256</code>: <code>replace(exposed, outliers=...)</code> and <code>ablate</code>, which takes recipes by their labels.</details>

# %% tags=["solution"]
plan = first.tests.experiment
few = replace(plan.exposed, name=f"{plan.exposed.in_dist}-few-outliers", outliers=f"{plan.exposed.outliers}~part=256")
taught = {"256 outliers": few, "all": plan.exposed}
means = summary(ablate(store, plan, {"without": plan.baseline} | taught, seeds=1))["AUROC"]
gained = (means - means["without"]).drop("without").to_dict()
print({name: f"{gain:+.1f}" for name, gain in gained.items()})

# %% [markdown] tags=["solution"]
# One answer of many: only the size differs here. If the two gains are close, what counts is in 256 pictures already; size alone is then no reason.

# %% tags=["check"]
check.other_outliers(gained, taught, first.tests.experiment.baseline,
                     lambda recipes: summary(ablate(store, first.tests.experiment, recipes, seeds=1))["AUROC"])  # fmt: skip

# %% [markdown]
# ## References
#
# - D. Hendrycks, M. Mazeika, T. Dietterich. *Deep Anomaly Detection with Outlier Exposure.* ICLR 2019. Section 4.3: the
#   loss and Table 1; appendix A: Table 7; appendix B: settings; appendix E: Table 10; appendix H: Figure 4.
# - D. Hendrycks, K. Gimpel. *A baseline for detecting misclassified and out-of-distribution examples in neural
#   networks.* ICLR 2017. The MSP score.
# - S. Zagoruyko, N. Komodakis. *Wide residual networks.* BMVC 2016.
# - `hendrycks/outlier-exposure`, `CIFAR/`, `SVHN/`, `TinyImageNet/`: the official code.
