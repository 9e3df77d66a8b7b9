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
# # 0. Start here: catching an anomaly
#
# A network that tells handwritten digits apart gets a picture of a flower. What will it say, and could it have known
# better?
#
# > Can a classifier notice that an input belongs to none of its classes, although nobody showed it that kind of input?
#
# **You will learn**
#
# - what *out-of-distribution detection* is, with its words: inlier, anomaly, outlier, score, threshold;
# - to go from a trained network to a caught anomaly, in one minute;
# - what Outlier Exposure changes, in one picture;
# - how this book is built, so that you can run it again with other data, another seed, or on a bigger machine.
#
# Needed: you know what a neural network and a softmax are. No GPU, no download.

# %% tags=["parameters"]
SCALE = "demo"
SEED = 0

# %% tags=["checks"]
from oe_core import check_counts, check_scale, experiment

check_scale(SCALE)
check_counts(least=0, given=True, SEED=SEED)
# This first chapter needs nothing but the embedded digits; the larger scales begin in chapter 2.
plan = experiment("digits", SCALE if SCALE == "smoke" else "demo")
trainings = [([plan], [SEED])]  # what `make runs` trains: (experiments, how many seeds, or which)

# %%
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import torch
from exercises import ch00_start_here as check

from oe_core import SCALES, Store, figures, load_images, msp, predict, runs_root

plt.rcParams.update(figures.STYLE)
ROOM = runs_root() / SCALE

# %% [markdown]
# ## 0.1 A classifier cannot say "none of these"
#
# The pictures: handwritten digits to learn (they come with scikit-learn), and two kinds of images that the network will
# meet one day though nobody planned it, patches of a photograph of a flower, and printed letters.

# %%
size = plan.baseline.size
digits = {split: load_images("digits", split, size) for split in ("train", "test")}
flower, letters = (load_images(name, "test", size) for name in ("photo-flower", "font-letters"))
rows = {"digits": digits["test"], "flower": flower, "letters": letters}
spread = {name: figures.pixels(images.images[:: len(images) // 12][:12]) for name, images in rows.items()}
figures.publish(figures.image_grid(spread), "00_images", ROOM / "figures", "Examples of the inliers, digits, and of two kinds of anomalies, a photograph's patches and letters.")

# %% [markdown]
# In the words of the field, the digits are the **in-distribution** $\mathcal{D}_{\text{in}}$, and each of them an
# **inlier**. The other two are **out-distributions** $\mathcal{D}_{\text{out}}^{\text{test}}$, full of **anomalies**.
#
# Train a small network on the digits. The store keeps what it trained: when you run this cell again, it is there at once.

# %%
store = Store(ROOM)
run = store.run(plan.baseline.with_seed(SEED))
print(f"{run.recipe.name}: {run.origin}")
answered = predict(run, digits["test"].images)
right = (answered.argmax(dim=1) == digits["test"].labels).numpy()
print(f"{100 * right.mean():.1f} % of {len(right)} unseen digits are recognised")

# %% [markdown]
# That is the usual measure of a network. Now show it what it was never meant to see.

# %%
def answers(images):
    """What the network says to each image, and how sure it is: its largest softmax probability."""
    found = predict(run, images)
    return [f"{digit}, {-100 * score:.0f} %" for digit, score in zip(found.argmax(dim=1), msp(found), strict=True)]


some = {"digits": digits["test"].images[::33][:10], "flower": flower.images[:10], "letters": letters.images[:10]}
sheet = figures.image_grid({name: figures.pixels(images) for name, images in some.items()},
                           {name: answers(images) for name, images in some.items()})  # fmt: skip
figures.publish(sheet, "00_answers", ROOM / "figures", "What the trained classifier answers, and how sure it is, for digits and for what is none.")

# %%
for name, images in rows.items():
    print(f"{name}: {100 * np.mean(-msp(predict(run, images.images)) > 0.9):.0f} % of the answers are given with more than 90 % confidence")

# %% [markdown]
# Above each image stands the digit that the network sees, and how sure it is. It *has* to name a digit: softmax
# probabilities add up to one, for a flower, too.

# %% [markdown]
# ## 0.2 A score, a threshold, an alarm
#
# The simplest detector listens to that confidence. Let $f_c(x)$ be the probability of class $c$. The **score**
#
# $$s(x) = -\max_c f_c(x)$$
#
# is the negative **maximum softmax probability (MSP)**: $-1$ when the network is certain, $-1/10$ when all ten digits look
# alike to it. In this book a score is always *higher = more anomalous*. Choose a **threshold**; ring an **alarm** above it.
# Here is one at which one digit in twenty rings by mistake.

# %%
scores = {name: msp(predict(run, images.images)) for name, images in rows.items()}
threshold = np.quantile(scores["digits"], 0.95)
for name in ("flower", "letters"):
    rings = scores[name] >= threshold
    print(f"{name}: {rings.sum()} of {len(rings)} anomalies ring ({100 * rings.mean():.0f} %)")

# %% [markdown]
# What rings was caught by a network that was never told about any of them; the rest it takes for digits. That was **MSP**, the
# baseline of the paper. How to measure a detector properly is the subject of chapter 1.

# %% [markdown]
# ## 0.3 Outlier Exposure
#
# The paper's idea: there is no lack of images that are *not* digits. Take a large set of such **outliers** (here, patches of
# another photograph, a temple in China), and train the network a little longer, to be right about digits **and
# undecided about outliers**. Nothing about flowers or letters is used.

# %%
exposed = store.run(plan.exposed.with_seed(SEED))
print(f"{exposed.recipe.name}: {exposed.origin}")
exposed_scores = {name: msp(predict(exposed, images.images)) for name, images in rows.items()}

# %%
shares = {}
for name, of_network in {"MSP": scores, "+OE": exposed_scores}.items():
    threshold = np.quantile(of_network["digits"], 0.95)
    shares[name] = {kind: 100 * np.mean(values >= threshold) for kind, values in of_network.items()}
pd.DataFrame(shares).rename_axis("share that rings (percent)").round(1)

# %% [markdown]
# The same share of digits rings in both columns, that is how the thresholds were set. What changes is the share of
# anomalies that ring. Flowers are pieces of a photograph, as the outliers were; letters are strokes on a plain ground, as digits are. Which
# of the two would you have expected to be the harder kind?

# %%
caught = pd.Series(shares["+OE"]).drop("digits")
print("of both kinds equally many ring with exposure" if caught.nunique() == 1 else
      f"the harder kind here: {caught.idxmin()}, of which {caught.min():.0f} % ring with exposure, of {caught.idxmax()} {caught.max():.0f} %")  # fmt: skip

# %%
scored = {name: (of_network["digits"], of_network["flower"])
          for name, of_network in {"MSP": scores, "+OE": exposed_scores}.items()}  # fmt: skip
figure = figures.score_histograms(scored, title="flower", log=True)
figures.publish(figure, "00_scores", ROOM / "figures", "Scores of digits and of the photograph's patches, without and with Outlier Exposure.")

# %%
for kind in ("digits", "flower"):
    print(f"mean score of {kind}: {scores[kind].mean():.2f} before, {exposed_scores[kind].mean():.2f} after")

# %% [markdown]
# The picture of the whole book: two heaps of scores, inliers and anomalies. Outlier Exposure is to push the second heap to the
# right, to where the network is undecided, and to let the first one stand; the means say how far it does.

# %% [markdown]
# ## 0.4 Where is the boundary?
#
# Walk from a digit to a patch of the flower in small steps, mixing the two images, and let both networks score each step.

# %%
def walk_scores(start, end):
    """Twelve steps from one image to another, and what both networks make of them."""
    shares = torch.linspace(0, 1, 12).view(-1, 1, 1, 1)
    steps = ((1 - shares) * start.float() + shares * end.float()).round().to(torch.uint8)
    return steps, {"MSP": msp(predict(run, steps)), "+OE": msp(predict(exposed, steps))}


steps, both = walk_scores(digits["test"].images[33], flower.images[5])
captions = {name: [f"{score:.2f}" for score in values] for name, values in both.items()}
sheet = figures.image_grid({name: figures.pixels(steps) for name in captions}, captions)
figures.publish(sheet, "00_walk", ROOM / "figures", "A digit that turns into a flower step by step, with each network's score above every step.")

# %% [markdown]
# Above each step stands its score, from $-1$ (certain) up to $-0.1$ (undecided). Look at the right end of each row: there
# nothing is left of the digit, and only one of the networks is meant to mind.

# %% [markdown]
# ## 0.5 The same in three lines
#
# The exposed network of scale `demo` comes with the package, with a threshold that test digits have set. Here it meets the
# whole photograph from which the flower's patches were cut.

# %%
from sklearn.datasets import load_sample_image

from oe_core import Detector

detector = Detector.from_pretrained("digits-oe")
photograph = load_sample_image("flower.jpg")  # uint8 (427, 640, 3)
pd.DataFrame(detector.predict(photograph))

# %% [markdown]
# Class, score and verdict: it still has to name a digit, but now it adds whether to believe that. In a shell the same is
# `oe detect pretrained:digits-oe flower.jpg`, and a detector of your own pictures or texts takes three lines as well: see
# chapter 11, and the page "Your own data".

# %% [markdown]
# ## 0.6 How to read, and how to run
#
# Each chapter asks one question, builds its one new idea by hand, shows that the package `oe_core` agrees, and then uses
# the package. Parameters stand in one cell near the top: change them and run the notebook again, or build the chapter from
# a shell with `make book CHAPTER=00_start_here PARAMS="-p SEED 1"`.
#
# The whole book runs at four scales:

# %%
for name, meaning in SCALES.items():
    print(f"{name:7s} {meaning}")

# %% [markdown]
# `make data SCALE=course` tells what data a scale needs and what is there. Numbers of the paper stand beside ours wherever
# the same data was used; a stand-in keeps its own name.
#
# | if you ask | read |
# | --- | --- |
# | how good is a detector, and which threshold do I deploy? | chapter 1, metrics |
# | does Outlier Exposure work on images, and what does it cost? | chapter 2, vision |
# | does it work on words, and what does a text detector listen to? | chapter 3, text |
# | can a network learn to say how sure it is? | chapter 4, confidence branch |
# | can a network invent its outliers? | chapter 5, GAN |
# | does it work where there are no classes, with likelihoods? | chapter 6, density |
# | and for language models? | chapter 7, words and characters |
# | can I believe the confidence itself? | chapter 8, calibration |
# | which choices matter? | chapter 9, design choices |
# | which of the paper's numbers come out again? | chapter 10, results |
# | does it work on my own pictures or texts? | chapter 11, your data |
# | what has come since, and which outliers would one use today? | chapter 12, after the paper |
#
# ## Summary
#
# - A classifier has to name one of its classes; its confidence is a first, weak sign that it should not.
# - A score turns any input into one number, higher = more anomalous; a threshold turns the number into an alarm.
# - Outlier Exposure trains the network to be undecided on a set of outliers; the table of 0.3 says how far the doubt carries over to anomalies of
#   other kinds.

# %% [markdown]
# ## Exercises
#
# Each exercise ends in a check, which says in words what is not right yet.
#
# **1. Another digit.** *Easy, 15 minutes.* In 0.4 start from another digit and end in a letter. Where along the walk does each network begin
# to doubt? Write `begins(values)`: the percent of the way after which the score is above $-0.9$ for the first time, None if it never is.
#
# <details><summary>Hint</summary>Twelve steps have eleven gaps: the first step is at 0 %, the last one at 100 %.</details>

# %% tags=["solution"]
def begins(values):
    doubted = np.flatnonzero(np.asarray(values) > -0.9)
    return 100 * doubted[0] / (len(values) - 1) if doubted.size else None


for index in (0, 100, 200):
    _, both = walk_scores(digits["test"].images[index], letters.images[7])
    for name, where in {name: begins(values) for name, values in both.items()}.items():
        said = "never doubts" if where is None else "doubts the digit itself, before any letter is mixed in" if where == 0 else f"doubts from {where:.0f} % of the way on"
        print(f"digit {index}: {name} {said}")

# %% [markdown] tags=["solution"]
# A mixture shows two things at once, which may raise doubt in either network. The ends of the walks tell the two apart.

# %% tags=["check"]
check.another_digit(begins)

# %% [markdown]
# **2. A blank image.** *Easy, 10 minutes.* How sure are the baseline and the exposed network of an all-black and of an all-white image? Put the MSP scores of both images, black
# first, into a dict `blank_scores` by "baseline" and "exposed". Which digit does the baseline see?
#
# <details><summary>Hint</summary>Images are uint8 tensors of shape (n, 3, size, size), from 0 (black) to 255 (white).</details>

# %% tags=["solution"]
blank = torch.stack([torch.zeros(3, size, size), torch.full((3, size, size), 255)]).to(torch.uint8)
blank_scores = {"baseline": msp(predict(run, blank)), "exposed": msp(predict(exposed, blank))}
print("the baseline sees", answers(blank), {name: values.round(2).tolist() for name, values in blank_scores.items()})

# %% [markdown] tags=["solution"]
# Small patches of a photograph are often nearly blank (sky, a wall), so that blank images resemble some of the outliers.
# Where the exposed network doubts them more than the baseline, the reason may be that it was taught to.

# %% tags=["check"]
check.blank_image(blank_scores, {"baseline": lambda images: predict(run, images), "exposed": lambda images: predict(exposed, images)}, size)

# %% [markdown]
# **3. The price of the threshold.** *Medium, 20 minutes.* For many thresholds, or for all, compute the share of digits that ring and the share of flowers that ring. Put both arrays,
# in this order, into a dict `curves` by "MSP" and "+OE", and plot them against each other. (You have then drawn the ROC curves of chapter 1, the left half of Figure 1.2.)
#
# <details><summary>Hint</summary>Every score is a threshold; lower it from above the highest score to below the lowest.</details>

# %% tags=["solution"]
curves = {}
for name, (of_digits, of_flowers) in scored.items():
    thresholds = np.concatenate([[1.0], np.sort(np.concatenate([of_digits, of_flowers]))[::-1]])
    curves[name] = tuple(np.mean(found >= thresholds[:, None], axis=1) for found in (of_digits, of_flowers))
figures.publish(figures.roc_pr(scored, "digits against flower"), "00_roc_pr", ROOM / "figures", "The share of flowers that ring over that of digits that ring, and the precision, for both networks.")

# %% tags=["check"]
check.price_of_the_threshold(curves, scored)

# %% [markdown]
# ## References
#
# - D. Hendrycks, M. Mazeika, T. Dietterich. *Deep Anomaly Detection with Outlier Exposure.* ICLR 2019.
# - D. Hendrycks, K. Gimpel. *A baseline for detecting misclassified and out-of-distribution examples in neural
#   networks.* ICLR 2017.
