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
# # 1. Metrics: what a detector is worth
#
# A detector gives every input one number, its **score**: the higher, the more anomalous. Whether the number is a
# softmax probability, an entropy or a density does not matter in this chapter. The question is another one:
#
# > Two detectors score the same inputs. Which one is better, by how much, and would you let it ring an alarm?
#
# **You will learn**
#
# - to compute AUROC, AUPR and FPR95 by hand, and what each of them stays silent about;
# - why AUPR means nothing without the base rate, and FPR95 nothing without the name of the positive class;
# - what ties do to a metric, and how a metric should treat them;
# - how to choose a threshold when the anomalies are unknown, and how far to trust its false-alarm rate;
# - which spread belongs behind a "±".
#
# Needed: a little probability and NumPy. Everything runs on synthetic scores and on scikit-learn's handwritten digits.

# %% tags=["parameters"]
SCALE = "demo"
SEED = 0
TPR = 0.95  # share of the anomalies to detect, for FPR95
RATIO = 5  # inliers for each anomaly, as in the paper
DRAWS = 10  # redraws of the test subset, as in the paper

# %% tags=["checks"]
from oe_core import check_counts, check_scale

check_scale(SCALE)
check_counts(DRAWS=DRAWS)
for name, value, fits, allowed in (("SEED", SEED, SEED >= 0, "0 or more"), ("RATIO", RATIO, 1 <= RATIO <= 100, "1 to 100"),
                                   ("TPR", TPR, 0 < TPR <= 1, "a share above 0, at most 1")):  # fmt: skip
    if not fits:
        raise ValueError(f"{name}={value} must be {allowed}")

# %%
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from scipy import stats

from oe_core import base_rate_draws, figures, msp, runs_root
from oe_core.evaluation import metrics, records
from oe_core.scores import SCORES

plt.rcParams.update(figures.STYLE)
FIGURES = runs_root() / SCALE / "figures"
REPEATS = 40 if SCALE == "smoke" else 400  # how often a simulated experiment is done again
generator = np.random.default_rng(SEED)

# %% [markdown]
# ## 1.1 Scores, thresholds, alarms
#
# Test inputs come from two sources: $x \sim \mathcal{D}_{\text{in}}$, the **inliers**, and
# $x \sim \mathcal{D}_{\text{out}}^{\text{test}}$, the **anomalies**. We begin with made-up scores, for which the right answers are
# known: inliers score $\mathcal{N}(0, 1)$, anomalies $\mathcal{N}(1.5, 1)$, five inliers to one anomaly.

# %%
in_scores = generator.normal(0.0, 1.0, 2000)
out_scores = generator.normal(1.5, 1.0, 2000 // RATIO)
figure = figures.score_histograms({"made-up detector": (in_scores, out_scores)})
figures.publish(figure, "01_scores", FIGURES, "Scores of a made-up detector for inliers and anomalies.")

# %% [markdown]
# The two hills overlap: no threshold separates them. A **threshold** $\tau$ turns scores into alarms, "alarm" if
# score $\ge \tau$. With the anomalies as the **positive** class, the paper's choice, three shares describe a threshold:
#
# - the **true positive rate** or **recall**, $\text{TPR}(\tau)$: the share of the anomalies that ring;
# - the **false positive rate**, $\text{FPR}(\tau)$: the share of the inliers that ring;
# - the **precision**: the share of the alarms that are anomalies.

# %%
for threshold in (0.0, 0.75, 1.5):
    hits, false_alarms = np.sum(out_scores >= threshold), np.sum(in_scores >= threshold)
    shares = hits / out_scores.size, false_alarms / in_scores.size, hits / (hits + false_alarms)
    print("threshold {:4.2f}: TPR {:.2f}, FPR {:.2f}, precision {:.2f}".format(threshold, *shares))

# %% [markdown]
# Raising the threshold buys fewer false alarms and pays with missed anomalies. Two of the paper's metrics look at all
# thresholds at once, the third fixes one.

# %% [markdown]
# ## 1.2 AUROC: who wins a duel?
#
# Move $\tau$ from high to low and plot $\text{TPR}(\tau)$ against $\text{FPR}(\tau)$: the ROC curve. The area under it is
# a probability. Draw one anomaly $x'$ and one inlier $x$ at random, and let $s$ be the score:
#
# $$\text{AUROC} = P\big(s(x') > s(x)\big) + \tfrac{1}{2} P\big(s(x') = s(x)\big).$$
#
# So it can be computed with no curve at all, by holding every duel.

# %%
duels = out_scores[:, None] - in_scores[None, :]  # (anomalies, inliers)
auroc_by_hand = np.mean(duels > 0) + np.mean(duels == 0) / 2
print(f"AUROC from {duels.size:,} duels: {100 * auroc_by_hand:.2f} %")

# %% [markdown]
# `oe_core.evaluation.metrics` gets the same number from two sorts and a binary search, because holding each duel takes
# quadratic time. For two normal distributions the answer is known, $\Phi(1.5 / \sqrt{2})$.

# %%
assert abs(metrics.auroc(in_scores, out_scores) - auroc_by_hand) < 1e-12
print(f"package: {100 * metrics.auroc(in_scores, out_scores):.2f} %")
print(f"theory:  {100 * stats.norm.cdf(1.5 / np.sqrt(2)):.2f} %")

# %% [markdown]
# Hand and package agree to the last digits. The theory is a little off, because a test set is a sample: section 1.8 says
# how much to expect. A detector that guesses has 50 %. **What AUROC does not say:** how many alarms are false where anomalies
# are rare, and how bad the worst tenth of the anomalies is. Nor does it see the scale of the scores: only order counts.

# %% [markdown]
# ## 1.3 AUPR: what is an alarm worth?
#
# Let the distinct scores be thresholds, from the highest down, with recall $R_k$ and precision $P_k$. The area under the
# precision-recall curve is a sum of steps,
#
# $$\text{AUPR} = \sum_k (R_k - R_{k-1})\, P_k,$$
#
# also known as average precision: the precision at the moment at which an anomaly is found, averaged over the anomalies.

# %%
precision_at_anomalies = [
    np.sum(out_scores >= score) / (np.sum(out_scores >= score) + np.sum(in_scores >= score)) for score in out_scores
]
aupr_by_hand = np.mean(precision_at_anomalies)
assert abs(metrics.aupr(in_scores, out_scores) - aupr_by_hand) < 1e-12
print(f"AUPR by hand {100 * aupr_by_hand:.2f} %, package {100 * metrics.aupr(in_scores, out_scores):.2f} %")

# %% [markdown]
# The two agree again, and both curves tell of one detector. Beside it we draw a better one, the same inliers with
# anomalies at $\mathcal{N}(2.5, 1)$, as the book will draw MSP beside +OE in every chapter.

# %%
better_out_scores = generator.normal(2.5, 1.0, out_scores.size)
pair = {"made-up": (in_scores, out_scores), "better": (in_scores, better_out_scores)}
figure = figures.roc_pr(pair, "Two made-up detectors")
figures.publish(figure, "01_roc_pr", FIGURES, "ROC and precision-recall curves of two made-up detectors.")

# %% [markdown]
# On the left, the nearer a curve comes to the upper left corner, the better; on the right, to the upper right corner.
# Guessing is the diagonal on the left, but on the right it is a level line at the **base rate**, the share of
# anomalies in the test: whoever rings at random is right that often.

# %% [markdown]
# ## 1.4 The base rate
#
# This level line is the catch. Keep the detector, and change nothing but how many inliers there are for one anomaly.

# %%
ratios = [1, 2, 5, 10, 20, 50, 100]
rare_out = generator.normal(1.5, 1.0, 1000)
rows = [metrics.detection_metrics(generator.normal(0.0, 1.0, 1000 * ratio), rare_out) for ratio in ratios]
by_ratio = pd.DataFrame(rows, index=pd.Index([f"1:{ratio}" for ratio in ratios], name="base rate"))
(100 * by_ratio).round(1)

# %%
figure, axes = plt.subplots(figsize=(6, 3.6))
for metric, colour, marker in (("AUROC", figures.BLUE, "o"), ("AUPR", figures.VERMILION, "s")):
    axes.plot(ratios, 100 * by_ratio[metric], color=colour, marker=marker, label=f"{metric} (higher = better)")
axes.plot(ratios, 100 * by_ratio["FPR95"], color=figures.GREEN, marker="^", label="FPR95 (lower = better)")
axes.plot(ratios, [100 / (1 + ratio) for ratio in ratios], color=figures.GREY, linewidth=0.9, label="AUPR of guessing")
axes.set(xscale="log", xlabel="inliers for each anomaly", ylabel="percent", ylim=(0, 100))
axes.set_xticks(ratios, [str(ratio) for ratio in ratios], minor=False)
axes.minorticks_off()
axes.legend(loc="center left", bbox_to_anchor=(1, 0.5))
figures.publish(figure, "01_base_rate", FIGURES, "AUROC, FPR95 and AUPR of one detector as anomalies get rarer; only AUPR changes.")

# %% [markdown]
# AUROC and FPR95 stay level but for noise: each of them compares shares *within* a class. AUPR falls with the base
# rate, for the same detector. Hence two rules:
#
# - An AUPR is quoted **with its base rate**, and compared only at the same one. The paper's is 1:5 throughout, and so is
#   this book's: `base_rate_draws` thins out whichever side has too many.
# - A high AUROC does not promise useful alarms. Look at AUPR at the base rate that your deployment will have.

# %%
in_indices, out_indices = base_rate_draws(num_in=2000, num_out=100, ratio=RATIO, draws=1, seed=SEED)[0]
print(f"of 2000 inliers and 100 anomalies a draw takes {in_indices.size} and {out_indices.size}")

# %% [markdown]
# Here anomalies were the scarce side, so the draw left out inliers to keep the base rate.
#
# ## 1.5 FPR95: the price of catching nearly all
#
# $\text{FPR}N$ is the false positive rate at the threshold where $N\,\%$ of the anomalies ring; lower is better. The paper
# uses $N = 95$ for images and $N = 90$ for text. By hand: of all scores as thresholds take those whose recall is nearest
# to 95 %, and of these the one with the most false alarms, the lowest.

# %%
thresholds = np.unique(np.concatenate((in_scores, out_scores)))
thresholds = thresholds[thresholds >= out_scores.min()]  # full recall needs no lower one
recalls = np.array([np.mean(out_scores >= threshold) for threshold in thresholds])
nearest = thresholds[np.argmin(np.abs(recalls - TPR))]  # the first, so the lowest
fpr_by_hand = np.mean(in_scores >= nearest)
assert metrics.fpr_at_tpr(in_scores, out_scores, TPR) == fpr_by_hand
print(f"threshold {nearest:.2f}: FPR at {100 * TPR:g} % TPR = {100 * fpr_by_hand:.1f} %")

# %% [markdown]
# A detector with a decent AUROC may ring for a large part of the inliers here. FPR95 is the strictest of the three,
# because the hardest anomalies set its threshold.
#
# ### 95 % of which class?
#
# Published code does not agree on the positive class. Outlier Exposure and OpenOOD 1.5 take the anomalies; ODIN, the
# confidence-branch code and most codes after energy-based detection take the **inliers**. The names are the same.
# Turning signs around changes the roles.

# %%
definitions = {
    "95 % of the anomalies ring: inliers that ring (this book)": metrics.fpr_at_tpr(in_scores, out_scores, TPR),
    "95 % of the inliers pass: anomalies that pass": metrics.fpr_at_tpr(-out_scores, -in_scores, TPR),
}
aupr_both = {"anomalies": metrics.aupr(in_scores, out_scores), "inliers": metrics.aupr(-out_scores, -in_scores)}
for name, value in definitions.items():
    print(f"{100 * value:5.1f} %  {name}")
print({f"AUPR, {name} positive": f"{100 * value:.1f} %" for name, value in aupr_both.items()})

# %% [markdown]
# For two hills of equal width the two FPR95 come out close together by symmetry; real scores are not symmetric, as
# section 1.7 shows. The AUPRs are far apart in any case: with the inliers positive, guessing already gets 5 out of 6.
# AUROC alone is the same both ways. *Say which class is positive beside every FPR95 and every AUPR.*
#
# ### Nearest, or first at or above?
#
# With few anomalies no threshold gives a recall of exactly 95 %. The paper's code takes the nearest recall, others the
# first at or above. Both are here; the first is the default.

# %%
for size in (10, 50, 200, 2000):
    few = generator.normal(1.5, 1.0, size)
    nearest, above = (100 * metrics.fpr_at_tpr(in_scores, few, TPR, rule) for rule in metrics.RULES)
    print(f"{size:5d} anomalies: nearest {nearest:5.1f} %, at or above {above:5.1f} %")

# %% [markdown]
# The fewer the anomalies, the further the rules can drift apart, and the less either number means: with ten anomalies
# "95 %" is the wish for nine and a half of them. With thousands and no heavy ties the rule is a detail.

# %% [markdown]
# ## 1.6 Ties
#
# Scores tie more often than one thinks: a softmax saturates at 1, a logger rounds, a detector returns few levels. Then
# the order within a tie is an accident, and a metric that walks through the sorted list one by one rewards the accident.
# The naive AUROC below does so: it breaks every tie for the anomalies, or every tie against them.


# %%
def auroc_in_order(in_scores, out_scores, anomalies_first):
    labels = np.concatenate((np.zeros(in_scores.size), np.ones(out_scores.size)))
    scores = np.concatenate((in_scores, out_scores))
    order = np.lexsort((labels if anomalies_first else -labels, scores))  # ascending; ties by label
    ranks_of_anomalies = np.flatnonzero(labels[order] == 1) - np.arange(out_scores.size)
    return ranks_of_anomalies.sum() / (in_scores.size * out_scores.size)


# %%
rows = {}
for decimals, name in ((6, "6 decimals"), (1, "1 decimal"), (0, "whole numbers"), (None, "constant")):
    rounded = [0 * s if decimals is None else s.round(decimals) for s in (in_scores, out_scores)]
    lucky, unlucky = (auroc_in_order(*rounded, anomalies_first) for anomalies_first in (True, False))
    rows[name] = {"ties lost": unlucky, "ties half (package)": metrics.auroc(*rounded), "ties won": lucky}
(100 * pd.DataFrame(rows).T).round(1)

# %% [markdown]
# For the constant detector, which knows nothing, the naive walk reports anything from worst to perfect. Counting a tie as
# half gives it exactly 50 %. The book's metrics treat all examples of one score together, in AUPR and FPR95 too:

# %%
constant = metrics.detection_metrics(np.zeros(50 * RATIO), np.zeros(50), TPR)
print({metric: f"{100 * value:.1f} %" for metric, value in constant.items()}, f"base rate 1:{RATIO}")

# %% [markdown]
# A constant detector has AUROC one half, an AUPR of the base rate, and must ring for everybody to catch 95 %. These are
# the three numbers of "no information"; keep them in mind when you read a table.

# %% [markdown]
# ## 1.7 A real detector
#
# Now a classifier of handwritten digits that has seen 0 to 7 only. The 8 and the 9 are the anomalies,
# $\mathcal{D}_{\text{out}}^{\text{test}}$. Its inliers are divided into three parts: to train on, to choose a threshold by
# (section 1.9), and to test.

# %%
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split

pixels, digits = load_digits(return_X_y=True)
pixels, known = pixels / 16, digits < 8
anomalies = pixels[~known]


def trained_parts(seed):
    train, rest, labels, rest_labels = train_test_split(pixels[known], digits[known], test_size=0.5, random_state=seed)
    held_out, test = train_test_split(rest, test_size=0.5, random_state=seed)
    return LogisticRegression(max_iter=1000).fit(train, labels), held_out, test


# %%
classifier, held_out, test = trained_parts(SEED)
in_logits, out_logits = classifier.decision_function(test), classifier.decision_function(anomalies)
print(f"{len(held_out)} held-out inliers, {len(test)} test inliers, {len(anomalies)} anomalies")

# %% [markdown]
# Let $f_c(x)$ be the softmax probability of class $c$ and $\mathcal{U}$ the uniform distribution over the $k$ classes. The
# book uses two scores on any classifier:
#
# $$\text{MSP:}\quad -\max_c f_c(x), \qquad\qquad
# \text{H(U;p):}\quad -H(\mathcal{U}; f(x)) = \frac{1}{k} \sum_c \log f_c(x).$$
#
# MSP looks at the winning class only, $H(\mathcal{U}; f(x))$ at the faint ones as well. Both rise as the posterior
# flattens, so higher = more anomalous.

# %%
scored = {name: (score(in_logits), score(out_logits)) for name, score in SCORES.items()}
figure = figures.score_histograms(scored)
figures.publish(figure, "01_digits_scores", FIGURES, "Two scores of one classifier of the digits 0 to 7, for these and for the digits 8 and 9.")

# %%
figure = figures.roc_pr(scored, "Digits 0-7 against 8 and 9")
figures.publish(figure, "01_digits_roc_pr", FIGURES, "ROC and precision-recall curves of both scores, digits 0 to 7 against 8 and 9.")

# %% [markdown]
# Two lessons in two pictures. The MSP of inliers piles up at $-1$, where the network is sure; anomalies spread out over all
# confidences, and those among the inliers' pile are what FPR95 pays for. And which score is better is no law: a network
# trained without outliers need not put meaning into its faint probabilities. Table 10 and chapter 2 compare the two *with* them.

# %%
rows = {}
for name, (inliers, outs) in scored.items():
    rows[name] = metrics.detection_metrics(inliers, outs, TPR)
    rows[name]["FPR95, inliers positive"] = metrics.fpr_at_tpr(-outs, -inliers, TPR)
(100 * pd.DataFrame(rows).T).round(1)

# %% [markdown]
# The last column is the other "FPR95" of section 1.5 on the very same scores. Compare it with the first: real
# scores are not symmetric, and a table that mixes the two definitions ranks detectors by their definition. (The AUPR
# here is at the base rate of the raw test; the next section goes to 1:5.)

# %% [markdown]
# ### Where ties come from
#
# A network that is very sure pushes its softmax to the end of the number range. Below, the same logits are scaled up,
# as an overconfident network would, and the softmax is taken in float32, as on most GPUs.

# %%
for sureness in (1, 10, 100):
    scaled = [(sureness * logits).astype(np.float32) for logits in (in_logits, out_logits)]
    exact = [msp(logits) for logits in scaled]
    rounded = [score.astype(np.float32) for score in exact]
    saturated = 100 * np.mean(rounded[0] == -1)
    values = [100 * metrics.auroc(*pair) for pair in (exact, rounded)]
    print(f"logits x {sureness:3d}: {saturated:5.1f} % of inliers at -1; AUROC float64 {values[0]:.2f}, float32 {values[1]:.2f}")

# %% [markdown]
# Scaling keeps the winner of every row but not the ranking of rows, so AUROC moves; and once scores reach exactly $-1$,
# they tie, and the information that separated them is gone. Hence the book keeps logits, and computes scores
# in float64.

# %% [markdown]
# ## 1.8 How sure is a metric?
#
# A test set is a sample; another one gives another number. With synthetic scores we can take a fresh sample as often as
# we like, and see how much the three metrics scatter for a given number of anomalies (and five times as many inliers).

# %%
sizes = [50, 100, 200, 500, 1000, 2000]
rows = []
for size in sizes:
    samples = [(generator.normal(0, 1, RATIO * size), generator.normal(1.5, 1, size)) for _ in range(REPEATS)]
    rows.append(100 * pd.DataFrame([metrics.detection_metrics(*sample) for sample in samples]).std())
scatter = pd.DataFrame(rows, index=pd.Index(sizes, name="anomalies"))
scatter.round(2)

# %%
figure, axes = plt.subplots(figsize=(5.2, 3.6))
for metric, (colour, dash), marker in zip(scatter, figures.LINES, "^os", strict=False):
    axes.plot(sizes, scatter[metric], color=colour, linestyle=dash, marker=marker, label=metric)
axes.set(xscale="log", yscale="log", xlabel="anomalies in the test", ylabel="standard deviation\n(percentage points)")
axes.set_xticks(sizes, [str(size) for size in sizes])
axes.set_yticks([0.5, 1, 2, 5], ["0.5", "1", "2", "5"])
axes.minorticks_off()
axes.legend()
figures.publish(figure, "01_sample_size", FIGURES, "How far each metric scatters for a number of anomalies in the test.")

# %% [markdown]
# On these axes the lines fall with slope one half: four times the examples, half the scatter. FPR95 scatters most, as it
# hangs on the lowest twentieth of the anomalies. With the paper's 2000 anomalies against 10,000 inliers, differences of
# a few tenths of a point in AUROC carry weight; in FPR95 they do not.
#
# ### Draws and seeds
#
# The paper's "average of 10 runs" are ten **draws**: ten random test subsets at 1:5, scored by *one* network. What they
# do not show is what happens when the network is trained again, with another **seed**. The book reports both. Here a
# seed is another division of the digits and another training.

# %%
rows, names = [], {"table": 7, "in_dist": "digits 0-7", "out_dist": "digits 8, 9", "method": "MSP"}
names |= {"outliers": "", "scale": SCALE, "stand_in_for": ""}
for seed in range(SEED, SEED + 5):
    model, _, inliers = trained_parts(seed)
    seed_scores = [msp(model.decision_function(part)) for part in (inliers, anomalies)]
    draws = base_rate_draws(len(inliers), len(anomalies), draws=DRAWS, ratio=RATIO, seed=seed)
    rows += [names | {"seed": seed} | row for row in records.on_draws(*seed_scores, draws, TPR)]
measured = records.validate(pd.DataFrame(rows))
measured.head(3)

# %% [markdown]
# Records like these are the book's raw results: one row for each metric, seed and draw, in percent. Two ways to
# summarise the spread:

# %%
by_seed = measured.groupby(["metric", "seed"])["value"]
spreads = {"std over draws (one network)": by_seed.std().groupby("metric").mean(),
           "std over seeds": by_seed.mean().groupby("metric").std()}  # fmt: skip
pd.DataFrame({"mean": measured.groupby("metric")["value"].mean(), **spreads}).round(1)

# %% [markdown]
# Both columns could stand behind a "±", and they answer two questions. *Over draws*: would other anomalies from the same
# source give this number, for this network? *Over seeds*: would the method give it again? Only the second tells about a
# method, and a difference between methods should be large beside it. More draws sharpen the mean over draws, and
# nothing else: the draws share one network, and here one set of inliers.

# %% [markdown]
# ## 1.9 Choosing a threshold for deployment
#
# FPR95 takes its threshold from the test anomalies. In deployment there are none: nobody knows tomorrow's anomalies. What
# one has are inliers, so the threshold is set by the false-alarm rate $\alpha$ that one can bear. Take $n$ held-out
# inliers, never trained on, and let $\tau$ be their $k$-th highest score. How often will a *new* inlier ring?
#
# If scores do not tie, this rate is itself random, and its distribution is known whatever the scores look like:
#
# $$\text{FPR}(\tau) \sim \text{Beta}(k,\; n + 1 - k), \qquad \text{with mean } \frac{k}{n + 1}.$$
#
# So $k = \lfloor \alpha (n + 1) \rfloor$ keeps the rate at or below $\alpha$ on average.


# %%
def deployment_threshold(held_out_scores, alpha):
    n = held_out_scores.size
    k = int(np.floor(alpha * (n + 1)))
    if k == 0:
        raise ValueError(f"{n} held-out inliers cannot support alpha={alpha}; give {int(np.ceil(1 / alpha)) - 1} or more")
    threshold = np.sort(held_out_scores)[-k]
    return threshold, stats.beta.interval(0.95, k, n + 1 - k)


# %%
alpha = 0.05
threshold, (low, high) = deployment_threshold(msp(classifier.decision_function(held_out)), alpha)
false_alarms, caught = (np.mean(scores >= threshold) for scores in scored["MSP"])
print(f"95 % interval for the false-alarm rate: {100 * low:.1f} to {100 * high:.1f} %, asked for {100 * alpha:g} %")
print(f"on the test inliers: {100 * false_alarms:.1f} %; anomalies caught at this threshold: {100 * caught:.1f} %")

# %% [markdown]
# The interval is the honest form of "5 % false alarms": it is wide, because a few hundred inliers pin down a tail of one
# in twenty only roughly. (The rate on the test inliers is an estimate too, and may fall beside the interval for that
# reason alone.) How many anomalies are caught is then a result and not a choice.
#
# Is the formula true? Choose the threshold again and again on fresh synthetic inliers, whose true false-alarm rate the
# normal distribution gives, and compare with the Beta density.

# %%
figure, axes = plt.subplots(figsize=(6, 3.4))
grid = np.linspace(0.001, 0.14, 300)
for n, (colour, dash) in zip((100, 400, 1600), figures.LINES, strict=False):
    realised = [stats.norm.sf(deployment_threshold(generator.normal(size=n), alpha)[0]) for _ in range(5 * REPEATS)]
    k = int(alpha * (n + 1))
    axes.hist(100 * np.array(realised), bins=40, range=(0, 14), density=True, color=colour, alpha=0.25)
    label = f"{n} held-out inliers"
    axes.plot(100 * grid, stats.beta.pdf(grid, k, n + 1 - k) / 100, color=colour, linestyle=dash, label=label)
axes.axvline(100 * alpha, color=figures.GREY, linewidth=0.9, label="asked for")
axes.set(xlabel="realised false-alarm rate of a new inlier (percent)", ylabel="density")
axes.legend()
figures.publish(figure, "01_deployment_threshold", FIGURES, "False-alarm rates that a threshold chosen on a few held-out inliers really has.")

# %% [markdown]
# Simulation (bars) and formula (lines) agree. With a hundred held-out inliers, a threshold meant for 5 % may well ring
# twice as often; to halve the width takes four times the inliers. The promise holds as long as new inliers come from
# $\mathcal{D}_{\text{in}}$: if the camera, the season or the language changes, it is void.

# %% [markdown]
# ## 1.10 Pitfalls
#
# - **Sign.** A score that falls with anomaly gives an AUROC below 50 %. Turn the sign once, where the score is made.
# - **Base rate.** An AUPR at another base rate is another quantity.
# - **Positive class.** FPR95 and AUPR need the class named; AUROC does not.
# - **Trapezoids under the precision-recall curve.** Straight lines between its points are not what any threshold can
#   reach, and flatter the detector (exercise 4).
# - **Ties in list order.** Inliers first or last in the file must not matter.
# - **The threshold chosen on the test anomalies.** It is fine inside FPR95 and nowhere else.
# - **One network, ten draws.** Small bars, and still one sample of the method.
# - **A mean over sets that hides one.** The paper's Mean rows average very different anomalies; look at the rows.
#
# ## Summary
#
# - AUROC is the chance that an anomaly outscores an inlier, ties half; 50 % is guessing, whatever the base rate.
# - AUPR is the mean precision at the moment an anomaly is found; guessing earns the base rate, 1:5 in this book.
# - FPR95 is the share of inliers that ring when 95 % of the anomalies do; the hardest anomalies decide it.
# - A threshold for deployment comes from held-out inliers, and its false-alarm rate has a known distribution.
# - Behind a "±" stands a question: draws ask about the test sample, seeds about the method.

# %% [markdown]
# ## Exercises
#
# **1. Only the order counts.** Apply $s \mapsto \exp(s)$ and $s \mapsto s^3$ to the scores of section 1.1. Which of the
# three metrics change? What happens with $s \mapsto s^2$, and why?

# %% tags=["solution"]
transforms = {"s": lambda s: s, "exp(s)": np.exp, "s^3": lambda s: s**3, "s^2": np.square}
rows = {name: metrics.detection_metrics(change(in_scores), change(out_scores)) for name, change in transforms.items()}
(100 * pd.DataFrame(rows).T).round(1)

# %% [markdown] tags=["solution"]
# A strictly rising transform keeps the order and with it all three metrics. The square is not rising below zero: it
# makes very *low* scores look anomalous, so inliers from the lower tail now ring.

# %% [markdown]
# **2. From two rates to a precision.** A detector has TPR 95 % and FPR 5 %. Derive the precision for $r$ inliers to
# one anomaly and evaluate it for 1:5 and for 1:1000. Which FPR would be needed for a precision of one half at 1:1000?

# %% tags=["solution"]
def precision_at(tpr, fpr, ratio):
    return tpr / (tpr + ratio * fpr)  # of 1 + ratio examples, tpr hits and ratio * fpr false alarms


print(f"1:5 {100 * precision_at(0.95, 0.05, 5):.1f} %, 1:1000 {100 * precision_at(0.95, 0.05, 1000):.1f} %")
print(f"needed FPR at 1:1000: {100 * 0.95 / 1000:.3f} %")

# %% [markdown] tags=["solution"]
# Precision is $\text{TPR} / (\text{TPR} + r\,\text{FPR})$. One half needs as many hits as false alarms, so
# $\text{FPR} = \text{TPR} / r$: rare anomalies ask for an FPR that no table with one decimal can show.

# %% [markdown]
# **3. A blind spot.** A detector separates nine tenths of the anomalies perfectly, and scores the rest like inliers.
# Predict AUROC and FPR95, then measure. Which metric would you watch if the blind spot were the dangerous kind?

# %% tags=["solution"]
blind = np.where(np.arange(2000) < 200, generator.normal(0, 1, 2000), generator.normal(20, 1, 2000))
measured_blind = metrics.detection_metrics(generator.normal(0, 1, 10_000), blind)
print({metric: f"{100 * value:.1f} %" for metric, value in measured_blind.items()})

# %% [markdown] tags=["solution"]
# AUROC is $0.9 + 0.1 / 2$, which looks excellent. To catch 95 % one has to catch half of the blind spot, whose scores
# are the inliers' own, so half of the inliers ring. FPR95 sees what the two areas average away.

# %% [markdown]
# **4. Trapezoids.** Compute the area under the precision-recall points of a detector with three score levels
# ($0$, $1$, $2$) once by steps and once by trapezoids. Which is larger, and which one can be reached?

# %% tags=["solution"]
coarse = [np.clip(scores.round(), 0, 2) for scores in (in_scores, out_scores)]
recall, precision = metrics.precision_recall_curve(*coarse)
print(f"steps {100 * np.dot(np.diff(recall), precision[1:]):.1f} %, trapezoids {100 * np.trapezoid(precision, recall):.1f} %")

# %% [markdown] tags=["solution"]
# Trapezoids come out larger. To get from one threshold to the next one must take all examples of a level at once (or at
# random, which gives a curve below the straight line): the points on the line cannot be reached.

# %% [markdown]
# **5. A guarantee instead of an average.** Section 1.9 keeps the false-alarm rate at $\alpha$ on average, so it is
# above $\alpha$ about half of the time. Choose the largest $k$ for which the rate stays below $\alpha$ with probability
# 95 %, for $n = 400$. How many anomalies of section 1.1 does the caution cost?

# %% tags=["solution"]
n = 400
candidates = np.arange(1, int(alpha * (n + 1)) + 1)
k_safe = candidates[stats.beta.ppf(0.95, candidates, n + 1 - candidates) <= alpha].max()
calibration = np.sort(generator.normal(0.0, 1.0, n))
for name, k in (("average", candidates[-1]), ("guarantee", k_safe)):
    threshold = calibration[-k]
    print(f"{name}: k = {k}, false alarms {100 * stats.norm.sf(threshold):.1f} %, "
          f"anomalies caught {100 * np.mean(out_scores >= threshold):.1f} %")  # fmt: skip

# %% [markdown] tags=["solution"]
# The guarantee asks for a higher threshold and catches fewer anomalies. With more held-out inliers the two $k/n$ come
# together: data buys back the caution.

# %% [markdown]
# ## References
#
# - D. Hendrycks, M. Mazeika, T. Dietterich. *Deep Anomaly Detection with Outlier Exposure.* ICLR 2019. Section 4.1: the
#   three metrics and the base rate; appendix G: ROC and PR curves.
# - J. Davis, M. Goadrich. *The relationship between precision-recall and ROC curves.* ICML 2006.
# - D. Hendrycks, K. Gimpel. *A baseline for detecting misclassified and out-of-distribution examples in neural
#   networks.* ICLR 2017.
# - V. Vovk. *Conditional validity of inductive conformal predictors.* ACML 2012. The Beta law of section 1.9.
# - `hendrycks/outlier-exposure`, `utils/display_results.py`: the official metrics.
