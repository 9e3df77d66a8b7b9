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
# # 6. Density: when the anomaly is the likelier image
#
# A density estimator says how likely an image is. What could be plainer than to call the unlikely ones anomalies? In 2018
# several groups looked, and found strange images *more* likely than the ones that the network was trained on.
#
# > Why does a network that has learned photographs find digits likelier than photographs, and can Outlier Exposure teach it
# > better?
#
# **You will learn**
#
# - to write the likelihood of an image as a product over its pixels, and to compute one factor by hand;
# - to see what a pixel of PixelCNN++ may look at, and to draw images from it;
# - to read bits per dimension, and the paper's Table 5 and Figure 2 beside your own;
# - why a simple image is a likely one, and what the length of a PNG file has to do with it;
# - that a loss printed in one line can be read in several ways, and what three of them do.
#
# Needed: chapters 1 and 2. The authors have not published code for this experiment; what the text leaves open is
# said where it is decided.

# %% tags=["parameters"]
SCALE = "demo"
IN_DIST = ""  # images to learn; empty: those of the scale
OUTLIERS = ""  # data set of outliers; empty: the paper's
OUT_DISTS: list[str] = []  # test anomalies; empty: the paper's
SEEDS: int | None = None  # trainings of each network; None: as many as the scale has
DRAWS: int | None = None  # test subsets of each trained network; None: ten
SHARE = 1.0  # of every schedule's epochs; 0.3 makes 30 of 100, and tables say so
VARIANTS: list[str] = ["nats-pixels", "margin-alone"]  # other readings of the loss, in 6.8
OTHER_OUTLIERS: list[str] | None = None  # sets to compare with in 6.9; None: rendered letters, where the outliers are others
SAMPLES = 8  # images to draw from the network; 0: none

# %% tags=["checks"]
from oe_core import check_counts, check_lists, experiment, in_dists

check_counts(SEEDS=SEEDS, DRAWS=DRAWS, SAMPLES=SAMPLES or None)
check_lists(OUT_DISTS=OUT_DISTS, VARIANTS=VARIANTS, OTHER_OUTLIERS=OTHER_OUTLIERS or [])
IN_DIST = IN_DIST or in_dists(SCALE, "density")[0]


def plan_of(variant="paper", outliers=OUTLIERS):
    """The experiment with the chapter's parameters."""
    return experiment(IN_DIST, SCALE, "density", outliers=outliers, out_dists=OUT_DISTS, variant=variant, share=SHARE)


plan = plan_of()
wanted = ["font-letters"] if OTHER_OUTLIERS is None else OTHER_OUTLIERS
others = [plan_of(variant) for variant in VARIANTS] + [plan_of(outliers=name) for name in wanted]
trainings = [([plan, *others], SEEDS), ([plan.longer], SEEDS or plan.seeds)]  # what `make runs` trains: (experiments, how many seeds)

# %%
import math

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import torch
from exercises import ch06_pixelcnn as check
from IPython.display import Markdown
from scipy import stats

from oe_core import Store, evaluate, figures, load_images, out_sets, paper, runs_root, substituted
from oe_core.detectors.density.training import margin, scaled
from oe_core.evaluation.ablations import controlled
from oe_core.wording import several

plt.rcParams.update(figures.STYLE)
ROOM = runs_root() / SCALE

# %% [markdown]
# ## 6.1 The images

# %%
def rows_of(plan, columns=10):
    """A row of pictures for each role."""
    plan = substituted(plan)
    recipe = plan.exposed
    roles = {f"in: {recipe.in_dist}": load_images(recipe.in_dist, "train", recipe.size),
             f"outliers: {recipe.outliers}": load_images(recipe.outliers, "train", recipe.size)}  # fmt: skip
    picked = {role: images.images[:: max(1, len(images) // columns)][:columns] for role, images in roles.items()}
    picked |= {f"test: {out.printed}": out.inputs()[:columns] for out in out_sets(plan, num_inliers=columns)[0]}
    return {role: figures.pixels(images, signed=True) for role, images in picked.items()}


figures.publish(figures.image_grid(rows_of(plan)), "06_images", ROOM / "figures", "Examples of the in-distribution, of the outliers and of every set that tests.")

# %% [markdown]
# No labels are needed here. Before you go on: which of the test rows do you expect to be the least likely, given the
# first row? Which the most?
#
# ## 6.2 One sub-pixel by hand
#
# An image $x$ is a sequence of sub-pixels, row by row, red before green before blue, and any distribution over images is a
# product of conditional ones:
#
# $$p(x) = \prod_i p(x_i \mid x_1, \dots, x_{i-1}).$$
#
# PixelCNN++ computes for each pixel a mixture of **logistics**, bell-shaped curves with a mean $\mu$ and a scale $s$, whose
# cumulative distribution is the sigmoid $\sigma((v - \mu) / s)$. A sub-pixel has only 256 values; the value $v$ gets the area
# over its bin, and the outermost bins reach to infinity. For one component:

# %%
mean, scale = -0.2, 0.3  # on the range [-1, 1] that stands for 0..255
values = torch.arange(256) / 127.5 - 1
upper, lower = torch.sigmoid((values + 1 / 255 - mean) / scale), torch.sigmoid((values - 1 / 255 - mean) / scale)
upper[-1], lower[0] = 1, 0
by_hand = upper - lower
print(f"the 256 probabilities sum to {by_hand.sum():.6f}")

# %%
from oe_core.detectors.density.logistic_mixture import log_likelihood

parameters = torch.zeros(256, 10, 1, 1)  # of one component: weight, 3 means, 3 log scales, 3 coefficients
parameters[:, 1], parameters[:, 4] = mean, math.log(scale)
parameters[:, 5:7] = 40.0  # green and blue infinitely wide: their value 255 has probability 1/2 each
images = torch.ones(256, 3, 1, 1)
images[:, 0, 0, 0] = values
assert torch.allclose(4 * log_likelihood(parameters, images).exp(), by_hand, atol=1e-6)

# %% [markdown]
# The package agrees. It never takes the difference of two sigmoids, which is 0 in floating point far from the mean: it uses
# $\sigma(a) - \sigma(b) = \sigma(a)\, \sigma(-b)\, (1 - e^{b - a})$.
#
# ## 6.3 What a pixel may see
#
# Each factor may look at earlier pixels only. Two streams of convolutions take care of it: one has seen the rows above, the
# other also the row so far. Which pixels does the distribution at the cross depend on? The gradient tells, here of an untrained network:

# %%
from oe_core.detectors.density.network import PixelCNN

torch.manual_seed(0)
untrained, size, (row, column) = PixelCNN(filters=8, blocks=2, dropout=0.0), 16, (9, 6)
noise = torch.rand(8, 3, size, size) * 2 - 1
untrained.initialise(noise)
noise.requires_grad_()
untrained.distribution(noise)[:, :, row, column].square().sum().backward()
influence = noise.grad.abs().sum(dim=(0, 1))
assert (influence.flatten()[row * size + column :] == 0).all()

# %%
figure, axes = plt.subplots(figsize=(4, 3))
shown = axes.imshow((influence / influence.max()).clamp(min=1e-6).log10(), cmap="viridis")
axes.plot(column, row, "x", color="white")
axes.set_title("influence on the pixel at the cross")
axes.set_axis_off()
figure.colorbar(shown, label="gradient, log10 of its share\nof the largest")
figures.publish(figure, "06_influence", ROOM / "figures", "Which pixels an untrained density network looks at when it predicts the one at the cross; the darkest have no influence.")

# %% [markdown]
# Nothing at the cross or after it. If a single later pixel leaked, the network would copy it, its likelihood would be splendid, and
# every number below would be worthless.
#
# ## 6.4 Training, and the loss of Outlier Exposure
#
# The score of an image is its negative log-likelihood (**nll**) in bits per pixel (**BPP**). The text exposes the network with a margin:
#
# $$\max\{0,\ \text{num\_pixels} + \text{nll}(x_{\text{in}}) - \text{nll}(x_{\text{out}})\}.$$
#
# An outlier should cost a good deal more than an inlier; how much more depends on what is counted. Is a nll in nats or in bits? Are the pixels of a
# $32 \times 32$ image 1,024, or 3,072 with its colours? And is the likelihood of the inliers trained on beside the margin? The text
# does not say. Figure 2 of the paper has a hint: it shows CIFAR-10 at about 3 "bits per pixel", BPP is defined as nll / num_pixels, and
# 3 bits is what PixelCNN++ needs for a *sub*-pixel of CIFAR-10. So we read num_pixels as 3,072, nll in bits, and the margin
# as **one bit per sub-pixel**; and since equation 1 of the paper adds its new term to the original objective, we
# keep the likelihood. Section 6.8 has the other readings.

# %%
recipe = plan.exposed
print(f"{several('block', recipe.blocks)} of {recipe.filters} filters, {recipe.mixtures} logistics, {recipe.size} px; "
      f"{plan.baseline.epochs} epochs, then {recipe.epochs} with outliers; margin {margin(recipe) / math.log(2):.2f} bits a sub-pixel")  # fmt: skip

# %%
store = Store(ROOM)
evaluation = evaluate(store, plan, seeds=SEEDS, draws=DRAWS, progress=print)
evaluation.save(ROOM / "records" / "06_pixelcnn" / IN_DIST)
records, in_dist = evaluation.records, evaluation.records["in_dist"].iloc[0]

# %% [markdown]
# How good is the model? In **bits per dimension** (per sub-pixel; a third of BPP), on the test set. Published models of full size
# reach 2.92 to 2.95 on CIFAR-10; 8 is what it costs to write a sub-pixel down without any model.

# %%
evaluation.quality.groupby("method", sort=False)["bits per dimension"].agg(["mean", "std", "count"]).style.format(precision=3, na_rep="")

# %%
figure, axes = plt.subplots(figsize=(5.4, 3))
log = pd.DataFrame(evaluation.runs["BPP", 0].log)
axes.plot(log["epoch"], log["inlier_loss"] / math.log(2), color=figures.BLUE, marker="o")
axes.set(xlabel="epoch", ylabel="training loss (bits per dimension)")
axes.xaxis.get_major_locator().set_params(integer=True)
figures.publish(figure, "06_training", ROOM / "figures", "Training loss of the network without exposure (seed 0), in bits per dimension, over the epochs.")

# %% [markdown]
# ### Drawing images
#
# A model of density can be asked for images: draw the first pixel from its mixture, show it to the network, draw the second.
# This takes one pass of the network per pixel.

# %%
from oe_core import network, predict

if SAMPLES:
    generator, sheet = torch.Generator().manual_seed(0), {}
    sheet["training images"] = figures.pixels(load_images(IN_DIST, "train", plan.baseline.size).images[:SAMPLES])
    for name, method in {"without OE": "BPP", "with OE": "+OE"}.items():
        model = network(evaluation.runs[method, 0], torch.device("cpu"))
        drawn = model.sample(SAMPLES, min(plan.baseline.size, 16), generator)
        sheet[name] = figures.pixels(drawn, signed=True)
    figures.publish(figures.image_grid(sheet), "06_samples", ROOM / "figures", "Training images, and images drawn from the network without and with Outlier Exposure.")

# %% [markdown]
# Look for three things in this order: colours that belong together, edges, objects. Neighbours are learned first and scenes last, so a small model with little training stops early on this way.
#
# ## 6.5 The surprise: Table 5 and Figure 2

# %%
table_5 = paper.compare(records, 5)
paper.publish(table_5, "table_05", ROOM / "tables")
Markdown(paper.rendered(table_5))

# %%
figures.publish(figures.before_after(table_5.loc[in_dist], title=in_dist), "06_gain", ROOM / "figures", "FPR95, AUROC and AUPR for every out-distribution, without and with Outlier Exposure.")

# %%
Markdown(paper.told(records, evaluation.quality, 5, "BPP", "+OE", measure="bits per dimension"))

# %% [markdown]
# The exposed network has also trained longer. A control: as many further epochs without outliers. Means over the out-distributions:

# %%
control = controlled(store, {in_dist: evaluation.tests.experiment}, SEEDS, progress=print)
control.round(2)

# %%
print(paper.parted(control))

# %% [markdown]
# An AUROC below 50 % in a column **BPP** is the surprise: those anomalies are *more* likely than the inliers. The histograms of the set for which the AUROC is lowest, and of the one for which it is highest:

# %%
aurocs = table_5.loc[in_dist]["AUROC", "BPP", "mean"].drop("Mean")
below = [f"{name} ({auroc:.1f})" for name, auroc in aurocs.items() if auroc < 50]
print(f"likelier than the inliers: {', '.join(below) or 'none'}, of {len(aurocs)} sets")
dimension = {name: {m: (ins / 3, outs / 3) for m, (ins, outs) in scores.items()} for name, scores in evaluation.scores.items()}
for name in dict.fromkeys((aurocs.idxmin(), aurocs.idxmax())):
    figure = figures.score_histograms(dimension[name], title=f"{name} (bits per dimension)")
    figures.publish(figure, f"figure_2_{name}", ROOM / "figures", f"Bits per dimension of inliers and of {name}, without and with Outlier Exposure, as in the paper's Figure 2: all test images, seed 0.")
    plt.show()

# %% [markdown]
# ## 6.6 All thresholds at once

# %%
def one_draw(name):
    """The scores of the first draw, one anomaly to five inliers: {method: (in_scores, out_scores)}."""
    inside, outside = evaluation.draws[name][0]
    return {method: (ins[inside], outs[outside]) for method, (ins, outs) in evaluation.scores[name].items()}


pairs = {name: one_draw(name) for name in dict.fromkeys((aurocs.idxmin(), aurocs.idxmax()))}
figures.publish(figures.roc_pr_grid(pairs), "06_roc_pr", ROOM / "figures", "ROC and precision-recall curves of the out-distributions on which BPP has the lowest and the highest AUROC.")

# %% [markdown]
# One draw of seed 0. A curve below the diagonal takes the inliers for the anomalies.
#
# ## 6.7 Simple images are likely images
#
# A file compressor is a density estimator, too: a code of $b$ bits is a probability of $2^{-b}$. It has seen no photograph
# at all. Bits per pixel of each test image, by the network and by the smaller of two lossless files (PNG, WebP):

# %%
from oe_core.detectors.density.complexity import compressed_bits


def as_pixels(inputs):
    """What a network takes, as uint8 images."""
    return inputs if inputs.dtype == torch.uint8 else ((scaled(inputs) + 1) * 127.5).round().to(torch.uint8)


def some(values, most=400):
    """At most 400 of a set's images, or of their scores, in the same seeded order: sets are often stored class by class."""
    return values[np.random.default_rng(0).permutation(len(values))[:most]]


files = {out.printed: compressed_bits(as_pixels(some(out.inputs()))) for out in evaluation.tests.outs}
inlier_files = compressed_bits(as_pixels(some(evaluation.tests.inside.inputs())))

# %%
figure, axes = plt.subplots(figsize=(6, 4))
groups = {in_dist: (inlier_files, some(evaluation.scores[aurocs.idxmin()]["BPP"][0]))}
groups |= {name: (files[name], some(evaluation.scores[name]["BPP"][1])) for name in files}
for (name, (file_bits, network_bits)), (colour, _, marker) in zip(groups.items(), figures.series(), strict=False):
    axes.plot(file_bits, network_bits, marker, markersize=3, markeredgewidth=0, alpha=0.6, color=colour, label=name)
axes.set(xlabel="compressed file (bits per pixel)", ylabel="network (bits per pixel)")
axes.legend(markerscale=3, fontsize=8, ncols=2)
figures.publish(figure, "06_complexity", ROOM / "figures", "Bits per pixel by the network over bits per pixel of the compressed file, an image a dot, for inliers and every out-distribution.")

# %% [markdown]
# The nearer the points are to one line, the more of what the network says about an image is how simple it is. (Noise of two values is an exception: a file of one bit a sub-pixel holds it.) The rank correlation of the two:

# %%
pairs = {name: np.array(both) for name, both in groups.items()}
pictures = [both for name, both in pairs.items() if name not in ("Gaussian", "Rademacher", "Bernoulli")]
for what, of_groups in {"inliers": [pairs[in_dist]], "all images but noise": pictures, "all images": [*pairs.values()]}.items():
    print(f"{what}: {stats.spearmanr(*np.concatenate(of_groups, axis=1)).statistic:.2f}")

# %% [markdown]
# A smooth digit on a plain ground is cheap for anyone. What is *particular* about the network is its distance from the line; Serrà et al. therefore score with the difference of the two, a likelihood ratio. Neither the file's
# bits nor this difference is a score of the paper; both are cheap. AUROC in percent, on up to 400 images of each set:

# %%
from oe_core import auroc, base_rate_draws


def simple_baselines(draws=10):
    """AUROC (percent) of the file's bits, of the network's, of their difference, and of the exposed network."""
    rows = {}
    for name in files:
        bits, exposed = (tuple(some(scores) for scores in evaluation.scores[name][m]) for m in ("BPP", "+OE"))
        ways = {"file": (inlier_files, files[name]), "BPP": bits,
                "BPP - file": (bits[0] - inlier_files, bits[1] - files[name]), "+OE": exposed}  # fmt: skip
        pairs = base_rate_draws(len(inlier_files), len(files[name]), draws)
        rows[name] = {way: 100 * np.mean([auroc(ins[i], outs[o]) for i, o in pairs]) for way, (ins, outs) in ways.items()}
    return pd.DataFrame(rows).T


simple = simple_baselines()
pd.concat([simple, simple.mean().to_frame("Mean").T]).round(1)

# %% [markdown]
# Where **BPP - file** beats **BPP**, the network's knowledge had been drowned by simplicity. Whether exposure does more than such a correction is a fair question to ask of any likelihood detector (what part of its gain is longer training, the control of 6.5 says):

# %%
corrected, exposed = (simple["BPP - file"] - simple["BPP"], simple["+OE"] - simple["BPP"])
print(f"mean gain in AUROC over BPP: {corrected.mean():+.1f} by the file, {exposed.mean():+.1f} by exposure; "
      f"exposure gains more on {(exposed > corrected).sum()} of {len(simple)} sets")  # fmt: skip

# %% [markdown]
# ## 6.8 One line, several losses
#
# The same baseline, exposed under other readings of the margin. Means over the out-distributions, percent, and what became
# of the density itself:

# %%
def reading(found):
    """Means of one reading: each metric, bits per dimension of the inliers, and the margin in bits a sub-pixel."""
    exposed = found.records[found.records["method"] == "+OE"]
    row = exposed.groupby("metric")["value"].mean()[["FPR95", "AUROC", "AUPR"]]
    bits = found.quality.set_index("method").loc[["+OE"], "bits per dimension"].mean()
    return {**row, "bits per dimension": bits, "margin": margin(found.runs["+OE", 0].recipe) / math.log(2)}


readings = {variant: evaluate(store, plan_of(variant), seeds=SEEDS, draws=DRAWS) for variant in VARIANTS}
for variant, found in readings.items():
    found.save(ROOM / "records" / "06_pixelcnn" / f"{IN_DIST}-{variant}")
pd.DataFrame({name: reading(found) for name, found in {"as above": evaluation, **readings}.items()}).T.round(2)

# %% [markdown]
# With the margin alone (`margin-alone`) nothing holds the likelihood of the inliers: only differences count, and the density may be lost while the detector is still good; its bits per dimension say how far (above 8 it is worse than no model). With the smaller margin
# (`nats-pixels`) the loss is satisfied sooner. The paper calls the exposed network a density estimator as before: an argument for the readings that keep its likelihood. Hold the differences in detection against the spread in Table 5.
#
# ## 6.9 Which outliers teach it
#
# The margin asks the network to see at a glance what is an outlier. Pictures that resemble the inliers make this hard, and a small network in a short training
# may not learn it at all; simple pictures make it easy, and they are what a likelihood is most wrong about. AUROC in percent,
# by the outliers of the exposure, and at the bottom the loss of the margin that training ended with (in bits a sub-pixel; 0: every outlier costs the margin more). Where this build's own outliers are letters, the table has that column alone:

# %%
def by_outliers(found, method="+OE"):
    """AUROC (percent) on each out-distribution, their mean, and the margin's loss in the last epoch of the training."""
    chosen = found.records[(found.records["method"] == method) & (found.records["metric"] == "AUROC")]
    column = chosen.groupby("out_dist", sort=False)["value"].mean()
    column.loc["Mean"] = column.mean()
    if method == "+OE":
        column.loc["margin's loss"] = found.runs[method, 0].log[-1]["outlier_loss"] / math.log(2)
    return column


own = evaluation.runs["+OE", 0].recipe.outliers
exposures = {own: evaluation}
for name in wanted:
    if name != own:
        exposures[name] = evaluate(store, plan_of(outliers=name), seeds=SEEDS, draws=DRAWS)
for name, found in exposures.items():
    found.save(ROOM / "records" / "06_pixelcnn" / f"{IN_DIST}-{name}")
rows = pd.DataFrame({name: by_outliers(found) for name, found in exposures.items()})
rows.insert(0, "without", by_outliers(evaluation, "BPP"))
rows.style.format(precision=2, na_rep="")

# %% [markdown]
# A margin's loss near 0 says that the lesson was learned; compare it with what it teaches about sets that look like neither. The paper's 80 Million Tiny Images hold photographs, drawings and lettering alike. What the book has measured
# for CIFAR-10 (`runs/reference`, scale `course`, one training): photographs of Tiny ImageNet as outliers, and letters, for as many steps, so that longer training explains no difference of the two. Mean AUROC:

# %%
from oe_core.paper.results import REFERENCE, read_table

for folder, taught in {"density-cifar10": "photographs", "density-cifar10-letters": "letters"}.items():
    found = read_table(REFERENCE / folder / "records.csv")
    means = found[found["metric"] == "AUROC"].groupby("method")["value"].mean()
    print(f"{taught}: {means['BPP']:.1f} without, {means['+OE']:.1f} with exposure")

# %% [markdown]
# ## 6.10 What was not run

# %%
missing = "\n\n".join(f"{name}\n{why}" for name, why in evaluation.tests.missing.items())
print(missing or "Everything that was asked for was run.")

# %% [markdown]
# ## Summary
#
# - A likelihood is a product over pixels, and most of it is about neighbours: smooth images are likely images.
# - So an anomaly can be likelier than most inliers. It is no bug of one network: 6.7 asks a file compressor, which has seen no image, and compares.
# - Outlier Exposure with a margin can teach that some simple images are to be unlikely, if the outliers hold such images; it
#   can cost density, and a short training may not reach the margin at all. Table 5, the bits per dimension and the margin's loss of 6.9 say what happened here.
# - A loss in one line is not a specification. Units and sums have to be printed beside it.
#
# ## Exercises
#
# `bits(images, method)` is the score of either network of seed 0, in bits per pixel; `inliers` are 100 test images, and `inlier_bits` the scores of all of them by the network without exposure.

# %%
from oe_core.detectors.density.scores import bits_per_pixel


def bits(images, method="BPP"):
    """Bits per pixel of uint8 images, (n, 3, size, size), by the network "BPP" or "+OE" of seed 0."""
    return bits_per_pixel(predict(evaluation.runs[method, 0], images))


inliers, inlier_bits = evaluation.tests.inside.inputs()[:100], evaluation.scores[aurocs.idxmin()]["BPP"][0]

# %% [markdown]
# **1. Flat images.** *Medium, 20 minutes.* Score images of one single grey level, 0, 32, ..., 224, with both networks: a table `flat` with a row for each level and the columns `BPP` and `+OE`. Under `BPP`, each is likelier than how many
# of the inliers, in percent? Give `likelier` by level. What does it say about *likely* and *typical*?
#
# <details><summary>Hint</summary>An image of size <code>plan.baseline.size</code> is a uint8 tensor; <code>expand</code> repeats a value along an axis. Likelier means fewer bits.</details>

# %% tags=["solution"]
levels = torch.arange(0, 256, 32, dtype=torch.uint8)
images = levels.view(-1, 1, 1, 1).expand(-1, 3, plan.baseline.size, plan.baseline.size).contiguous()
flat = pd.DataFrame({method: bits(images, method) for method in ("BPP", "+OE")}, index=pd.Index(levels.tolist(), name="grey level"))
likelier = pd.Series({level: 100 * np.mean(inlier_bits > row["BPP"]) for level, row in flat.iterrows()})
flat.assign(likelier=likelier).round(1)

# %% [markdown] tags=["solution"]
# Each grey that is likelier than half of the inliers is an image without any content that the network finds quite in order. Nobody would call it typical of the training set: *likely* and *typical* are two things.

# %% tags=["check"]
check.flat_images(flat, likelier, bits, inlier_bits, plan.baseline.size)

# %% [markdown]
# **2. The order of pixels.** *Easy, 10 minutes.* Mirror `inliers` from left to right: what does the network without exposure say, `mirrored`, and how far is an image's score from that of the image as it is, `distance`, on average?
# A mirrored photograph is as good a photograph; why does its score change?
#
# <details><summary>Hint</summary><code>images.flip(axis)</code> turns an axis round; the axes are images, channels, rows, columns.</details>

# %% tags=["solution"]
mirrored = bits(inliers.flip(3))
distance = np.abs(mirrored - bits(inliers)).mean()
print(f"bits per pixel: as they are {bits(inliers).mean():.2f}, mirrored {mirrored.mean():.2f}; mean distance of an image {distance:.2f}")

# %% [markdown] tags=["solution"]
# The product rule holds in any order, but the network has learned one order, and its factors differ when the image is turned round. If mirrored photographs are as probable as their originals, a difference of the two scores is error of
# the model, not of the image. Two means that agree can hide it: look at the distance of each image.

# %% tags=["check"]
check.mirror(mirrored, distance, inliers, bits)

# %% [markdown]
# **3. How many bits is a margin?** *Easy, 5 minutes.* A margin asks one bit per sub-pixel. How many bits, `bits_asked`, does a $32 \times 32$ outlier have to cost more than an inlier? And how many decimal `digits` has the factor by
# which its likelihood is to be smaller?
#
# <details><summary>Hint</summary>A number x has about log10(x) digits; a bit is a factor of two.</details>

# %% tags=["solution"]
bits_asked = 3 * 32 * 32
digits = int(bits_asked * math.log10(2)) + 1
print(f"2^{bits_asked}, a number of {digits} digits")

# %% [markdown] tags=["solution"]
# Likelihoods of images are compared on a scale that no other quantity has. A difference of one percent in bits per dimension is a factor of many powers of ten for the image.

# %% tags=["check"]
check.bits_of_a_margin(bits_asked, digits)

# %% [markdown]
# ## References
#
# - D. Hendrycks, M. Mazeika, T. Dietterich. *Deep Anomaly Detection with Outlier Exposure.* ICLR 2019. Section 4.4, Table 5,
#   Figure 2.
# - T. Salimans, A. Karpathy, X. Chen, D. P. Kingma. *PixelCNN++: improving the PixelCNN with discretized logistic mixture
#   likelihood and other modifications.* ICLR 2017. Code: `openai/pixel-cnn`.
# - E. Nalisnick et al. *Do deep generative models know what they don't know?* ICLR 2019. The surprise.
# - J. Serrà et al. *Input complexity and out-of-distribution detection with likelihood-based generative models.* ICLR 2020.
