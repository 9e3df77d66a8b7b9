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
# # 5. Synthetic outliers: can a network invent what it should doubt?
#
# Outlier Exposure needs a large set of other images. Before it, Lee et al. (2018) had proposed to do without: let a
# generative adversarial network (GAN) make images near the edge of the training data, and teach the classifier to be unsure of them.
#
# > Are generated outliers as good a teacher as real ones?
#
# **You will learn**
#
# - the game of a GAN, and what a classifier adds to it as a third player;
# - that $\mathrm{KL}(\mathcal{U} \| f)$ and the loss of Outlier Exposure are the same but for a constant;
# - to see from a log whether a discriminator wins or a generator collapses;
# - to read the paper's Table 4 beside your own numbers: a baseline, generated outliers, then real ones;
# - what an experiment leaves open whose two halves were published apart.
#
# Needed: chapters 1 and 2.

# %% tags=["parameters"]
SCALE = "demo"
IN_DIST = ""  # images to learn; empty: those of the scale
OUTLIERS = ""  # data set of real outliers; empty: the paper's, or its stand-in
OUT_DISTS: list[str] = []  # test anomalies; empty: the paper's for the in-distribution
SEEDS: int | None = None  # trainings of each network; None: as many as the scale has
DRAWS: int | None = None  # test subsets of each trained network; None: ten
SHARE = 1.0  # of every schedule's epochs; 0.3 makes 30 of 100, and tables say so

# %% tags=["checks"]
from dataclasses import replace

from oe_core import check_counts, check_lists, experiment, in_dists

check_counts(SEEDS=SEEDS, DRAWS=DRAWS)
check_lists(OUT_DISTS=OUT_DISTS)
IN_DIST = IN_DIST or in_dists(SCALE, "gan")[0]
plan = experiment(IN_DIST, SCALE, "gan", outliers=OUTLIERS, out_dists=OUT_DISTS, share=SHARE)
# Trained on from the +GAN network as long as the exposed one, and without outliers.
trainings = [([plan], SEEDS), ([plan.longer], SEEDS or plan.seeds)]  # what `make runs` trains: (experiments or recipes, how many seeds)

# %%
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import torch
import torch.nn.functional as F
from exercises import ch05_gan as check
from IPython.display import Markdown

from oe_core import Store, ablate, auroc, evaluate, figures, load_images, losses, msp, out_sets, paper, runs_root
from oe_core.evaluation.ablations import summary

plt.rcParams.update(figures.STYLE)
ROOM = runs_root() / SCALE
METHODS = ("MSP", "+GAN", "+OE")

# %% [markdown]
# ## 5.1 The images
#
# The classifier learns the first row. The **+GAN** network sees nothing else: its outliers are made from the first row by the
# generator. The **+OE** network also sees the second row. Nobody sees the rest before the test.

# %%
from oe_core import substituted


def rows_of(plan, columns=10):
    """A row of pictures for each role."""
    plan = substituted(plan)
    recipe = plan.exposed
    roles = {f"in: {recipe.in_dist}": load_images(recipe.in_dist, "train", recipe.size).images,
             f"outliers: {recipe.outliers}": load_images(recipe.outliers, "train", recipe.size).images}  # fmt: skip
    roles |= {f"test: {out.printed}": out.inputs() for out in out_sets(plan, num_inliers=columns)[0]}
    return {role: figures.pixels(images[:: max(1, len(images) // columns)][:columns]) for role, images in roles.items()}


figures.publish(figures.image_grid(rows_of(plan)), "05_images", ROOM / "figures", "Examples of the in-distribution, of real outliers and of every set that tests.")

# %% [markdown]
# ## 5.2 Three players
#
# A **generator** $G$ turns a random code $z$ into an image. A **discriminator** $D$ says how probable it is that an image is
# real. $D$ minimises $-\log D(x) - \log(1 - D(G(z)))$ and $G$ minimises $-\log D(G(z))$: each gets better by what the other
# does badly. If $G$ wins completely, nobody can tell its images from real ones, and $D$ says $\frac12$ to all.
#
# That would be useless here: an image that cannot be told from an inlier is no outlier. So the **classifier** $f$ joins in.
# With $\mathcal{U}$ the uniform distribution over $k$ classes,
#
# $$f \text{ minimises } -\log f_y(x) + \beta\, \mathrm{KL}(\mathcal{U} \| f(G(z))), \qquad
# G \text{ minimises } -\log D(G(z)) + \beta\, \mathrm{KL}(\mathcal{U} \| f(G(z))).$$
#
# Both want the classifier to be unsure of what $G$ makes; $D$ keeps $G$ near the real images. Between them $G$ should settle
# at the edge of the data: nearly real, of no class. In a pass over ready logits the parts that generated images have
# in them, with $\beta = 1$, are three lines, the classifier's, the discriminator's and the generator's:

# %%
torch.manual_seed(0)
logits = torch.randn(64, 10)  # the classifier's, of 64 generated images
verdicts = torch.randn(64)  # the discriminator's: D = sigmoid(verdict)
kl = (0.1 * (torch.tensor(0.1).log() - F.log_softmax(logits, dim=1))).sum(dim=1).mean()
d_part = -torch.log(1 - verdicts.sigmoid()).mean()
g_part = -torch.log(verdicts.sigmoid()).mean() + kl

# %%
from oe_core.detectors.gan.training import adversarial

uniform = losses.uniform_cross_entropy(logits)
assert torch.isclose(kl, uniform - np.log(10))
assert torch.isclose(d_part, adversarial(verdicts, real=False), atol=1e-6)
assert torch.isclose(g_part, adversarial(verdicts, real=True) + uniform - np.log(10), atol=1e-6)
print(f"KL {kl:.4f} = cross-entropy from uniform {uniform:.4f} - log 10")

# %% [markdown]
# The package agrees. And look at the first of the three: $\mathrm{KL}(\mathcal{U} \| f)$ is chapter 2's loss on outliers minus
# $\log k$, with the same gradient. **The two methods have one loss; they differ in who brings the outliers.**
#
# A step moves $D$ on real and generated images, then $G$, then $f$ on a batch of fresh images. In the second move
# gradients flow *through* $D$ and $f$ into $G$; nothing is computed for their own weights.

# %% [markdown]
# ## 5.3 What is published, and what is not
#
# The text trains a WRN-40-4 with Lee et al.'s public code and its default settings, one model for all anomalies (Lee et
# al. tuned one for each), then fine-tunes it with Outlier Exposure. No public code joins the two halves. What was
# chosen here:
#
# | open question | here | because |
# | --- | --- | --- |
# | $\beta$ and batch for CIFAR-100, which that code cannot load | 1 and 128 | its defaults; CIFAR-10 has 0.1 and 64 there, and 128 without the GAN |
# | dropout of the WRN-40-4 | 0.3 | the paper's other CIFAR networks have it |
# | batch norm, which Lee et al.'s VGG-13 does not have: do real and generated images share its statistics? | yes, one joint pass; the running averages do not move when $G$ is led | chapter 2's rule for outliers; the public order (`joint_pass=False`) would fill the averages with generated images (exercise 1) |
# | inputs in $[0, 1]$ or standardised, and the noise sets with them | $[0, 1]$, not augmented; Rademacher's noise becomes Bernoulli's | a sigmoid makes the images, and that code does no more |
# | fine-tuning at scale `paper`: optimiser, rate, epochs, batch | Adam at the last rate of the training, 10 epochs, 128 + 256, $\lambda = 0.5$ | epochs and $\lambda$ are section 4.3's, the batch the official code's; their rate belongs to another optimiser |
# | does the GAN play on meanwhile? | no | then real outliers alone teach **+OE**; what its further epochs do, the control of 5.5 says |
#
# The settings of this build. **MSP** is the same classifier and schedule with $\beta = 0$ (for CIFAR-10 at scale `paper` with batches of 128 beside 64, as in Lee et al.'s code):

# %%
settings = pd.DataFrame({name: recipe.to_json() for name, recipe in plan.networks.items()}).map(str)
settings = settings.drop(index=["kind", "name", "parent"])
settings.loc[(settings.nunique(axis=1) == 1).sort_values(kind="stable").index]

# %% [markdown]
# Rows that differ stand first. **exposed** starts from the classifier of **synthetic**.

# %%
store = Store(ROOM)
evaluation = evaluate(store, plan, seeds=SEEDS, draws=DRAWS, progress=print)
evaluation.save(ROOM / "records" / "05_gan" / IN_DIST)
records, in_dist = evaluation.records, evaluation.records["in_dist"].iloc[0]

# %% [markdown]
# ## 5.4 How the game went
#
# Two things go wrong in GANs so often that silence about them is suspicious. The **discriminator wins**: $D(\text{real})$ goes
# to 1 and $D(\text{fake})$ to 0, and the generator learns little more. Or the generator **collapses**: it makes one image, or a few,
# for all codes. The log has both: mean verdicts over each epoch, and the distance from an image to its nearest neighbour among 64 (root mean
# square over pixels), generated and real. A collapse takes the generated line to zero.

# %%
log = pd.DataFrame(evaluation.runs["+GAN", 0].log)
figure, (verdict_axes, diversity_axes, loss_axes) = plt.subplots(1, 3, figsize=(10.5, 3.1))
marks = {"marker": "o", "markersize": 3}
verdict_axes.plot(log["epoch"], log["d_real"], color=figures.BLUE, label="D(real)", **marks)
verdict_axes.plot(log["epoch"], log["d_fake"], color=figures.VERMILION, label="D(fake)", **marks)
verdict_axes.axhline(0.5, color=figures.GREY, linestyle=":", label="nobody can tell")
verdict_axes.set(ylim=(0, 1), xlabel="epoch", ylabel="probability of being real")
diversity_axes.plot(log["epoch"], log["real_diversity"], color=figures.BLUE, label="real")
diversity_axes.plot(log["epoch"], log["diversity"], color=figures.VERMILION, label="generated", **marks)
diversity_axes.set(ylim=(0, None), xlabel="epoch", ylabel="distance to the nearest other image")
loss_axes.plot(log["epoch"], log["inlier_loss"], color=figures.BLUE, label="inliers: cross-entropy", **marks)
loss_axes.plot(log["epoch"], log["outlier_loss"], color=figures.VERMILION, label=r"generated: $H(\mathcal{U}; f)$", **marks)
loss_axes.axhline(np.log(len(evaluation.test.classes)), color=figures.GREY, linestyle=":", label=r"$\log k$")
loss_axes.set(ylim=(0, None), xlabel="epoch", ylabel="classifier's loss (nats)")
for axes in (verdict_axes, diversity_axes, loss_axes):
    axes.xaxis.get_major_locator().set_params(integer=True)
    axes.legend(fontsize=8)
figures.publish(figure, "05_game", ROOM / "figures", "How the discriminator, the distance to the nearest image and the classifier's losses change over the epochs of the game.")

# %%
last = log.iloc[-1]
print(f"In the last epoch D gave real images {last['d_real']:.2f} and generated ones {last['d_fake']:.2f}; generated images were "
      f"{last['diversity'] / last['real_diversity']:.2f} times as far from each other as real ones.")  # fmt: skip

# %% [markdown]
# A ratio near 1 does not say that the images are good, only that they are not copies of each other. Far above
# 1 it often means noise, which is diverse, too. Look also for the epoch in which the learning rate drops: whoever is ahead then tends to
# stay ahead. And look at the images themselves: the same ten codes after some of the epochs, kept in the stored run.

# %%
def sheet_of_epochs(run, rows=6):
    """Generated images of the same codes through the training, and real ones."""
    samples = run.weights["samples"]
    picked = np.unique(np.linspace(0, len(samples) - 1, rows).round().astype(int))
    sheet = {f"epoch {epoch + 1}": figures.pixels(samples[epoch]) for epoch in picked}
    count, real = samples.shape[1], evaluation.test.images
    return figures.image_grid({**sheet, "real": figures.pixels(real[:: max(1, len(real) // count)][:count])})


figures.publish(sheet_of_epochs(evaluation.runs["+GAN", 0]), "05_samples", ROOM / "figures", "Images of the generator from the same codes after some of the epochs, and real ones below.")

# %% [markdown]
# Early images are noise and smears, which already teach the classifier something: *this* is none of the classes. Later ones should be nearer
# to the data. What they never show is anything that the inliers do not hold the parts of. Look closely for a regular grid of dots: transposed convolutions
# leave it, and a classifier that knows generated images by their grid has learned something about noise, nothing about other things.

# %% [markdown]
# ## 5.5 Table 4
#
# The paper prints the means over all out-distributions.

# %%
table_4 = paper.compare(records, 4)
paper.publish(table_4, "table_04", ROOM / "tables")
Markdown(paper.rendered(table_4))

# %%
means = records.groupby(["metric", "method"])["value"].mean().unstack().loc[["FPR95", "AUROC", "AUPR"], list(METHODS)]
better = means.diff(axis=1).mul([-1, 1, 1], axis=0) > 0  # a lower FPR95 is a better one
for before, after in zip(METHODS, METHODS[1:], strict=False):
    means[f"{before} to {after}"] = better[after].map({True: "better", False: "worse"})
means.round(1)

# %% [markdown]
# In the paper the AUROC rises from **MSP** to **+GAN** to **+OE**, by about two points and then by about eight; the FPR95 of CIFAR-10 even gets worse
# with the GAN. The last two columns above say which steps this build shows. Whichever step comes first has the most to gain: what the GAN has gained, real outliers
# after it cannot gain any more (exercise 4 leaves the GAN out). Expect a larger first step where the inliers are as uniform as digits on a black ground: there, a
# generator's smears already are most of what a digit is not. A mean hides whom the GAN helped, so here
# is every out-distribution, AUROC in percent:

# %%
aurocs = records[records["metric"] == "AUROC"].groupby(["out_dist", "method"], sort=False)["value"].mean().unstack()[list(METHODS)]
aurocs.assign(**{"GAN's gain": aurocs["+GAN"] - aurocs["MSP"], "gain of real outliers": aurocs["+OE"] - aurocs["+GAN"]}).round(1)

# %%
figure, axes = plt.subplots(figsize=(6, 0.36 * len(aurocs) + 1.4))
lines = np.arange(len(aurocs))
axes.hlines(lines, aurocs.min(axis=1), aurocs.max(axis=1), color=figures.GREY, linewidth=1)
for method, colour, marker in zip(METHODS, (figures.BLUE, figures.VERMILION, figures.GREEN), "o^s", strict=True):
    axes.plot(aurocs[method], lines, marker, color=colour, label=method)
axes.axvline(50, color=figures.GREY, linestyle=":", linewidth=1)
axes.set_yticks(lines, aurocs.index)
axes.invert_yaxis()
axes.set(xlim=(-3, 103), xlabel="AUROC (higher = better; dotted: chance)", title=in_dist)
axes.legend(loc="best", fontsize=8)
figures.publish(figure, "05_gain", ROOM / "figures", "AUROC for every out-distribution: alone, with generated outliers, and with real ones after them.")

# %% [markdown]
# Both steps in sentences. For the first one **MSP** is the control, as it trains for as many epochs as **+GAN**; for the second it is the **+GAN** network, trained on for as long as **+OE** without outliers:

# %%
steps = [paper.told(records, evaluation.quality, 4, before, after) for before, after in zip(METHODS, METHODS[1:], strict=False)]
control = summary(ablate(store, evaluation.tests.experiment, {"longer": plan.longer}, seeds=SEEDS, progress=print)).loc["longer", "AUROC"]
gained = means.loc["AUROC", "+OE"] - control
Markdown("\n".join([*steps, f"- **the control**: mean AUROC {control:.1f}; beyond it, real outliers gain {gained:.1f} points."]))

# %% [markdown]
# A triangle left of its circle is an out-distribution on which generated outliers made the detector *worse*: it learned to doubt what the
# generator makes, and nothing holds it back from confidence elsewhere.
#
# Before a small difference is believed, the spread over trainings (`std`, with more than one seed) and the accuracy:

# %%
by_seed = records[records["metric"] == "AUROC"].groupby(["method", "seed"])["value"].mean()
quality = evaluation.quality.groupby("method", sort=False)[["accuracy", "training_seconds"]].mean()
quality.assign(**{"mean AUROC": by_seed.groupby("method").mean(), "std": by_seed.groupby("method").std()}).round(2)

# %% [markdown]
# `training_seconds` is the price: beside a GAN each step runs three networks. For **+OE** the seconds of fine-tuning come on top of
# those of **+GAN**.

# %% [markdown]
# ## 5.6 Whom does the classifier doubt?
#
# The largest posterior of each network on four kinds of images: test inliers, what the generator makes in the end, the real outliers, and the
# last of the out-distributions.

# %%
from oe_core import network, predict
from oe_core.parts import limited


def posteriors(method, sources):
    """Largest posterior of one network on each source of images."""
    return {name: -msp(predict(evaluation.runs[method, 0], images)) for name, images in sources.items()}


run = evaluation.runs["+GAN", 0]
players = network(run, torch.device("cpu"))
with torch.inference_mode():
    generated = players.generator(torch.randn(200, run.recipe.latent, generator=torch.Generator().manual_seed(1)))
exposed = evaluation.runs["+OE", 0].recipe
anomaly = evaluation.tests.outs[-1]
sources = {"inliers": evaluation.test.images[:200], "generated": generated,
           f"outliers: {exposed.outliers}": limited(load_images(exposed.outliers, "train", exposed.size), 200).images,
           f"test: {anomaly.printed}": anomaly.inputs()[:200]}  # fmt: skip

# %%
figure, panels = plt.subplots(1, 3, figsize=(10, 2.7), sharey=True)
for axes, method in zip(panels, METHODS, strict=True):
    for line, values in enumerate(posteriors(method, sources).values()):
        low, quarter, middle, three_quarters, high = np.quantile(values, [0.05, 0.25, 0.5, 0.75, 0.95])
        axes.hlines(line, low, high, color=figures.GREY, linewidth=1.2)
        axes.hlines(line, quarter, three_quarters, color=figures.BLUE, linewidth=6)
        axes.plot(middle, line, "o", color=figures.VERMILION, markersize=5)
    axes.set(title=method, xlim=(0, 1.02), xlabel="largest posterior")
panels[0].set_yticks(np.arange(len(sources)), sources)
panels[0].invert_yaxis()
figures.publish(figure, "05_posteriors", ROOM / "figures", "Largest posteriors for inliers, generated images, outliers and anomalies, of three networks.")

# %% [markdown]
# Dots are medians, bars hold the middle half, lines 90 percent. In the middle panel the second row lies at $1/k$ if training
# succeeded. What counts are the two rows below it, which that network has never met: do they follow? In the right panel the third row
# was trained on, and the last is the test.

# %% [markdown]
# ## 5.7 All thresholds at once

# %%
def one_draw(name):
    """The scores of the first draw, one anomaly to five inliers: {method: (in_scores, out_scores)}."""
    inside, outside = evaluation.draws[name][0]
    return {method: (ins[inside], outs[outside]) for method, (ins, outs) in evaluation.scores[name].items()}


gain = aurocs["+GAN"] - aurocs["MSP"]
shown = dict.fromkeys((gain.idxmax(), gain.idxmin()))
figures.publish(figures.roc_pr_grid({f"{in_dist} against {name}": one_draw(name) for name in shown}), "05_roc_pr", ROOM / "figures", "ROC and precision-recall curves of two out-distributions, by three networks.")

# %% [markdown]
# The set that the GAN helped most, and the one that it helped least.

# %% [markdown]
# ## 5.8 What was not run

# %%
missing = "\n\n".join(f"{name}\n{why}" for name, why in evaluation.tests.missing.items())
print(missing or "Everything that was asked for was run.")

# %% [markdown]
# ## Summary
#
# - A GAN can supply outliers without any further data: the loss is that of Outlier Exposure, only the source is another.
# - Its images are made to lie around the inliers. Whether they say anything of images that are far from them is a question to the table, set by set.
# - In the paper's table real, various outliers are the better teacher; here 5.5 says what each step gained, and exercise 4 what real outliers reach without the GAN
#   and with it before them. They are simpler in any case: no third network, no game to be watched.
# - A GAN has to be watched: verdicts, diversity and pictures of every epoch belong beside its result.
# - Where two published halves are joined, the joint is unpublished. Batch norm is an example: it matters, and no line says how.

# %% [markdown]
# ## Exercises
#
# **1. Who fills the running averages?** *Medium, 15 minutes.* Batch norm's running mean moves by a tenth towards each batch that passes: $m \leftarrow 0.9\, m + 0.1\, b$. In the
# public order the classifier sees three batches a step: generated (while $G$ is led), real, generated. Which share of the average stems from
# generated images after many steps? Write `generated_share(order)` for any order of a step, a list with 1 for a generated batch and 0 for a real one.
#
# <details><summary>Hint</summary>Let the mean follow a batch of ones for generated and of zeros for real images, for some hundred steps.</details>

# %% tags=["solution"]
def generated_share(order):
    share = 0.0
    for batch in 200 * list(order):
        share = 0.9 * share + 0.1 * batch
    return share


print(f"{generated_share([1, 0, 1]):.3f} of the running averages are generated images'")

# %% [markdown] tags=["solution"]
# Two thirds. In training each batch is normalised by its own statistics; in the test an inlier is normalised by averages which are mostly those of
# generated images. VGG-13 has no batch norm, so the order did no harm where it was published.

# %% tags=["check"]
check.running_averages(generated_share)

# %% [markdown]
# **2. A walk between two codes.** *Medium, 20 minutes.* Draw two codes and render ten points on the line between them. Do images change gradually or in jumps? How sure is
# the **+GAN** classifier along the way? Bind the codes of the batch, the ten first, to `walk`, the ten images to `images` and its largest posteriors to `largest`.
#
# <details><summary>Hint</summary>The generator normalises by the batch at hand, so give it a full one: <code>players.generator(walk)[:10]</code>.</details>

# %% tags=["solution"]
codes = torch.randn(64, run.recipe.latent, generator=torch.Generator().manual_seed(3))
shares = torch.linspace(0, 1, 10)[:, None]
walk = torch.cat([(1 - shares) * codes[0] + shares * codes[1], codes[10:]])  # a full batch, as in training
with torch.inference_mode():
    images = players.generator(walk)[:10]
largest = -msp(predict(run, images))
walked = figures.image_grid({"walk": figures.pixels(images)}, {"walk": [f"{value:.2f}" for value in largest]})
figures.publish(walked, "05_walk", ROOM / "figures", "Images of the generator on the line between two codes, with the classifier's largest posterior above each.")

# %% [markdown] tags=["solution"]
# The generator is a continuous function: there are no jumps, only quick changes. The rest of the batch is there because the DCGAN normalises by
# the batch at hand; ten points of one line alone would be another batch than any in training.

# %% tags=["check"]
check.walk(walk, images, largest, lambda images: predict(run, images), players.generator)

# %% [markdown]
# **3. A collapsed generator.** *Medium, 15 minutes.* What does `diversity` of `oe_core.detectors.gan.network` say of the images of 64 codes, `spread`, and of 64 codes that are the same but for a
# little noise, `twins`? And what does the eye say?
#
# <details><summary>Hint</summary>One code plus a hundredth of each of 64 others.</details>

# %% tags=["solution"]
from oe_core.detectors.gan.network import diversity

codes = torch.randn(64, run.recipe.latent, generator=torch.Generator().manual_seed(3))
near = codes[:1] + 0.01 * codes
with torch.inference_mode():
    spread, twins = (diversity(players.generator(some)) for some in (codes, near))
print(f"diversity of 64 codes {spread:.4f}; of 64 codes that are nearly one {twins:.4f}; a ratio of {spread / twins:.0f}, where that of the codes' distances is 100")

# %% [markdown] tags=["solution"]
# Where the ratio is below 100, the images are less near to each other than the codes: batch norm takes away what all codes share and
# stretches the rest, as far as its epsilon lets it. That is one reason to watch pictures as well as a number.

# %% tags=["check"]
check.collapsed(spread, twins, players.generator, run.recipe.latent)

# %% [markdown]
# **4. Exposed without the detour.** *Hard, 30 minutes.* Fine-tune the plain **MSP** baseline with real outliers instead of the **+GAN** network, with
# the settings of its exposed recipe. Is anything of the GAN left in **+OE**? Put the evaluation of the new network, seed 0, into `direct`, and the AUROC in percent into a table `both`: a row for each
# out-distribution, columns `MSP, then real` and `GAN, then real`, on whole test sets as in `evaluation.scores`.
#
# <details><summary>Hint</summary>The exposed recipe with the baseline's as its parent, in a plan whose <code>between</code> is empty, is another experiment for <code>evaluate</code>.</details>

# %% tags=["solution"]
recipe = replace(exposed, name=f"{exposed.in_dist}-direct-oe", parent=evaluation.runs["MSP", 0].recipe)
direct = evaluate(store, replace(plan, between={}, exposed=recipe), seeds=1, draws=1)
found = {"MSP, then real": direct, "GAN, then real": evaluation}
both = pd.DataFrame({name: {out: 100 * auroc(*of.scores[out]["+OE"]) for out in direct.scores} for name, of in found.items()})
print("means: " + ", ".join(f"{name} {mean:.1f}" for name, mean in both.mean().items()))
both.round(1)

# %% [markdown] tags=["solution"]
# If the columns agree, the GAN was a detour; if the second is ahead, generated outliers left something that a short fine-tuning did not bring.
# The paper does not print the first column.

# %% tags=["check"]
check.without_the_detour(both, direct, evaluation)

# %% [markdown]
# ## References
#
# - D. Hendrycks, M. Mazeika, T. Dietterich. *Deep Anomaly Detection with Outlier Exposure.* ICLR 2019. Section 4.3 (synthetic
#   outliers), Table 4.
# - K. Lee, H. Lee, K. Lee, J. Shin. *Training confidence-calibrated classifiers for detecting out-of-distribution samples.* ICLR 2018.
#   Code: `alinlab/Confident_classifier`.
# - A. Radford, L. Metz, S. Chintala. *Unsupervised representation learning with deep convolutional generative adversarial
#   networks.* ICLR 2016.
# - I. Goodfellow et al. *Generative adversarial nets.* NeurIPS 2014.
