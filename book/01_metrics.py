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
# A detector gives every input one number, its **score**: the higher, the more anomalous. Whether the number is a softmax probability, an entropy or a
# density does not matter in this chapter. The question is another one:
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
from oe_core import check_counts, check_numbers, check_scale

check_scale(SCALE)
check_counts(DRAWS=DRAWS, RATIO=RATIO)
check_counts(least=0, given=True, SEED=SEED)
check_numbers(above=0, most=100, RATIO=RATIO)
check_numbers(above=0, most=1, TPR=TPR)

# %%
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from exercises import ch01_metrics as check
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
# Test inputs come from two sources: $x \sim \mathcal{D}_{\text{in}}$, the **inliers**, and $x \sim \mathcal{D}_{\text{out}}^{\text{test}}$, the
# **anomalies**. We begin with made-up scores, for which the right answers are known: inliers score $\mathcal{N}(0, 1)$, anomalies
# $\mathcal{N}(1.5, 1)$, `RATIO` inliers to one anomaly.

# %%
in_scores = generator.normal(0.0, 1.0, 2000)
out_scores = generator.normal(1.5, 1.0, 2000 // RATIO)
figures.publish(figures.score_histograms({"made-up detector": (in_scores, out_scores)}), "01_scores", FIGURES, "Scores of a made-up detector for inliers and anomalies.")

# %% [markdown]
# The two hills overlap: no threshold separates them. A **threshold** $\tau$ turns scores into alarms, "alarm" if score $\ge \tau$. With the anomalies
# as the **positive** class, the paper's choice, three shares describe a threshold:
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
# Raising the threshold buys fewer false alarms and pays with missed anomalies. Two of the paper's metrics look at all thresholds, the third fixes one.
#
# ## 1.2 AUROC: who wins a duel?
#
# Move $\tau$ from high to low and plot $\text{TPR}(\tau)$ against $\text{FPR}(\tau)$: the ROC curve. The area under it is a probability. Draw one
# anomaly $x'$ and one inlier $x$ at random, and let $s$ be the score:
#
# $$\text{AUROC} = P\big(s(x') > s(x)\big) + \tfrac{1}{2} P\big(s(x') = s(x)\big).$$
#
# So it can be computed with no curve at all, by holding every duel.

# %%
duels = out_scores[:, None] - in_scores[None, :]  # (anomalies, inliers)
auroc_by_hand = np.mean(duels > 0) + np.mean(duels == 0) / 2
print(f"AUROC from {duels.size:,} duels: {100 * auroc_by_hand:.2f} %")

# %% [markdown]
# `oe_core.evaluation.metrics` gets the same number from two sorts and a binary search, because holding each duel takes quadratic time. For two normal
# distributions the answer is known, $\Phi(1.5 / \sqrt{2})$.

# %%
assert abs(metrics.auroc(in_scores, out_scores) - auroc_by_hand) < 1e-12
print(f"package {100 * metrics.auroc(in_scores, out_scores):.2f} %, theory {100 * stats.norm.cdf(1.5 / np.sqrt(2)):.2f} %")

# %% [markdown]
# Hand and package agree to the last digits. The theory is a little off, because a test set is a sample: section 1.8 says how much to expect. A detector that guesses
# has 50 %. **What AUROC does not say:** how many alarms are false where anomalies are rare, and how bad the worst tenth of the anomalies is. Nor does it see the scale
# of the scores: only order counts.
#
# ## 1.3 AUPR: what is an alarm worth?
#
# Let the distinct scores be thresholds, from the highest down, with recall $R_k$ and precision $P_k$. The area under the precision-recall curve is a
# sum of steps,
#
# $$\text{AUPR} = \sum_k (R_k - R_{k-1})\, P_k,$$
#
# also known as average precision: the precision at the moment at which an anomaly is found, averaged over the anomalies.

# %%
hits, false_alarms = (np.sum(scores >= out_scores[:, None], axis=1) for scores in (out_scores, in_scores))
aupr_by_hand = np.mean(hits / (hits + false_alarms))
assert abs(metrics.aupr(in_scores, out_scores) - aupr_by_hand) < 1e-12
print(f"AUPR by hand {100 * aupr_by_hand:.2f} %, package {100 * metrics.aupr(in_scores, out_scores):.2f} %")

# %% [markdown]
# The two agree again, and both curves tell of one detector. Beside it we draw a better one, the same inliers with anomalies at $\mathcal{N}(2.5, 1)$,
# as the book will draw MSP beside +OE in every chapter.

# %%
better_out_scores = generator.normal(2.5, 1.0, out_scores.size)
pair = {"made-up": (in_scores, out_scores), "better": (in_scores, better_out_scores)}
figures.publish(figures.roc_pr(pair, "Two made-up detectors"), "01_roc_pr", FIGURES, "ROC and precision-recall curves of two made-up detectors.")

# %% [markdown]
# On the left, the nearer a curve comes to the upper left corner, the better; on the right, to the upper right corner. Guessing is the diagonal on the
# left, but on the right it is a level line at the **base rate**, the share of anomalies in the test: whoever rings at random is right that often. At
# one anomaly to five inliers, written 1:5, it is one sixth.
#
# ## 1.4 The base rate
#
# This level line is the catch. Keep the detector, and change nothing but how many inliers there are for one anomaly.

# %%
ratios = [1, 2, 5, 10, 20, 50, 100]
rare_out = generator.normal(1.5, 1.0, 1000)
rows = [metrics.detection_metrics(generator.normal(0.0, 1.0, 1000 * ratio), rare_out) for ratio in ratios]
by_ratio = pd.DataFrame(rows, index=pd.Index([f"1:{ratio}" for ratio in ratios], name="anomalies : inliers"))
(100 * by_ratio).round(1)

# %%
figure, axes = plt.subplots(figsize=(6, 3.6))
for metric, colour, better in (("AUROC", figures.BLUE, "higher"), ("AUPR", figures.VERMILION, "higher"), ("FPR95", figures.GREEN, "lower")):
    axes.plot(ratios, 100 * by_ratio[metric], color=colour, marker="o", label=f"{metric} ({better} = better)")
axes.plot(ratios, [100 / (1 + ratio) for ratio in ratios], color=figures.GREY, linewidth=0.9, label="AUPR of guessing")
axes.set(xscale="log", xlabel="inliers for each anomaly", ylabel="percent", ylim=(0, 100))
axes.set_xticks(ratios, [str(ratio) for ratio in ratios], minor=False)
axes.minorticks_off()
axes.legend(loc="center left", bbox_to_anchor=(1, 0.5))
figures.publish(figure, "01_base_rate", FIGURES, "AUROC, FPR95 and AUPR of one detector as anomalies get rarer; only AUPR changes.")

# %% [markdown]
# AUROC and FPR95 stay level but for noise: each of them compares shares *within* a class. AUPR falls with the base rate, for the same detector. Hence two rules:
#
# - An AUPR is quoted **with its base rate**, and compared only at the same one. The paper's is 1:5 throughout, and so is this book's, a base rate of
#   one sixth: `base_rate_draws` thins out whichever side has too many.
# - A high AUROC does not promise useful alarms. Look at AUPR at the base rate that your deployment will have.

# %%
in_indices, out_indices = base_rate_draws(num_in=2000, num_out=100, ratio=RATIO, draws=1, seed=SEED)[0]
print(f"of 2000 inliers and 100 anomalies a draw takes {in_indices.size} and {out_indices.size}")

# %% [markdown]
# Whichever side is scarce at this ratio is taken whole, and of the other one the draw leaves out as many as keep the base rate.
#
# ## 1.5 FPR95: the price of catching nearly all
#
# $\text{FPR}N$ is the false positive rate at the threshold where $N\,\%$ of the anomalies ring; lower is better. The paper uses $N = 95$ for images and $N = 90$
# for text. By hand: of all scores as thresholds take those whose recall is nearest to 95 %, and of these the one with the most false alarms, the lowest.

# %%
thresholds = np.unique(np.concatenate((in_scores, out_scores)))
thresholds = thresholds[thresholds >= out_scores.min()]  # full recall needs no lower one
recalls = np.array([np.mean(out_scores >= threshold) for threshold in thresholds])
nearest = thresholds[np.argmin(np.abs(recalls - TPR))]  # the first, so the lowest
fpr_by_hand = np.mean(in_scores >= nearest)
assert metrics.fpr_at_tpr(in_scores, out_scores, TPR) == fpr_by_hand
print(f"threshold {nearest:.2f}: FPR at {100 * TPR:g} % TPR = {100 * fpr_by_hand:.1f} %")

# %% [markdown]
# A detector with a decent AUROC may ring for a large part of the inliers here. FPR95 is the strictest of the three, because the hardest anomalies set
# its threshold.
#
# ### 95 % of which class?
#
# Published code does not agree on the positive class. Outlier Exposure and OpenOOD 1.5 take the anomalies; ODIN, the confidence-branch code and most
# codes after energy-based detection take the **inliers**. The names are the same. Turning signs around changes the roles.

# %%
definitions = {
    f"{100 * TPR:g} % of the anomalies ring: inliers that ring (this book)": metrics.fpr_at_tpr(in_scores, out_scores, TPR),
    f"{100 * TPR:g} % of the inliers pass: anomalies that pass": metrics.fpr_at_tpr(-out_scores, -in_scores, TPR),
}
aupr_both = {"anomalies": metrics.aupr(in_scores, out_scores), "inliers": metrics.aupr(-out_scores, -in_scores)}
print(*(f"{100 * value:5.1f} %  {name}" for name, value in definitions.items()), sep="\n")
print({f"AUPR, {name} positive": f"{100 * value:.1f} %" for name, value in aupr_both.items()})

# %% [markdown]
# For two hills of equal width the two FPR95 come out close together by symmetry; real scores are not symmetric, as section 1.7 shows. The AUPRs are
# far apart unless both kinds are as many: with the inliers positive, guessing already gets the share of the inliers. AUROC alone is the same both ways. *Say which
# class is positive beside every FPR95 and every AUPR.*
#
# ### Nearest, or first at or above?
#
# The paper's code takes the lowest of the thresholds whose recall is nearest to 95 %, others the first that reaches it. Both are here; the first is
# the default. How far apart are they, on average over many small tests?

# %%
for size in (20, 100, 500, 2000):
    tests = [generator.normal(1.5, 1.0, size) for _ in range(REPEATS)]
    nearest, above = (100 * np.mean([metrics.fpr_at_tpr(in_scores, few, TPR, rule) for few in tests]) for rule in metrics.RULES)
    print(f"{size:5d} anomalies: nearest {nearest:5.1f} %, at or above {above:5.1f} %, apart {abs(nearest - above):.1f}")

# %% [markdown]
# What lies between the two are the inliers between one anomaly and the next. The fewer the anomalies, the wider that gap is on average, and the less
# either number means: at 95 %, of twenty anomalies the lowest two alone decide. With thousands and no heavy ties the rule is a detail.
#
# ## 1.6 Ties
#
# Scores tie more often than one thinks: a softmax saturates at 1, a logger rounds, a detector returns few levels. Then the order within a tie is an
# accident, and a metric that walks through the sorted list one by one rewards the accident. The naive AUROC below does so: it breaks every tie for
# the anomalies, or every tie against them.


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
# For the constant detector, which knows nothing, the naive walk reports anything from worst to perfect. Counting a tie as half gives it exactly 50 %.
# The book's metrics treat all examples of one score together, in AUPR and FPR95 too:

# %%
constant = metrics.detection_metrics(np.zeros(50 * RATIO), np.zeros(50), TPR)
print({metric: f"{100 * value:.1f} %" for metric, value in constant.items()}, f"base rate {100 / (1 + RATIO):.1f} %")

# %% [markdown]
# A constant detector has AUROC one half, an AUPR of the base rate, and must ring for everybody to catch 95 %. These are the three numbers of "no
# information"; keep them in mind when you read a table.
#
# ## 1.7 A real detector
#
# Now a classifier of handwritten digits that has seen 0 to 7 only. The 8 and the 9 are the anomalies, $\mathcal{D}_{\text{out}}^{\text{test}}$. Its
# inliers are divided into three parts: to train on, to choose a threshold by (section 1.9), and to test.

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
# Let $f_c(x)$ be the softmax probability of class $c$ and $\mathcal{U}$ the uniform distribution over the $k$ classes. The book uses two scores on
# any classifier:
#
# $$\text{MSP:}\quad -\max_c f_c(x), \qquad\qquad
# \text{H(U;p):}\quad -H(\mathcal{U}; f(x)) = \frac{1}{k} \sum_c \log f_c(x).$$
#
# MSP looks at the winning class only, $H(\mathcal{U}; f(x))$ at the faint ones as well. Both rise as the posterior flattens, so higher = more anomalous.

# %%
scored = {name: (score(in_logits), score(out_logits)) for name, score in SCORES.items()}
figures.publish(figures.score_histograms(scored), "01_digits_scores", FIGURES, "Two scores of one classifier of the digits 0 to 7, for these and for the digits 8 and 9.")

# %%
figures.publish(figures.roc_pr(scored, "Digits 0-7 against 8 and 9"), "01_digits_roc_pr", FIGURES, "ROC and precision-recall curves of both scores, digits 0 to 7 against 8 and 9.")

# %%
figures.alarms(*scored["MSP"])

# %% [markdown]
# Turn the threshold, and how rare anomalies are: the dots move along the curves, and the right curve moves with the base rate while the left stays.
# Two lessons in the pictures. The MSP of inliers piles up at $-1$, where the network is sure; anomalies spread out over all confidences, and those
# among the inliers' pile are what FPR95 pays for. And which score is better is no law: a network trained without outliers need not put meaning into
# its faint probabilities. Table 10 and chapter 2 compare the two *with* them.

# %%
rows = {}
for name, (inliers, outs) in scored.items():
    rows[name] = metrics.detection_metrics(inliers, outs, TPR)
    rows[name][f"FPR{100 * TPR:g}, inliers positive"] = metrics.fpr_at_tpr(-outs, -inliers, TPR)
(100 * pd.DataFrame(rows).T).round(1)

# %% [markdown]
# The last column is the other "FPR95" of section 1.5 on the very same scores. Compare it with the first: real scores are not symmetric, and a table
# that mixes the two definitions ranks detectors by their definition. (The AUPR here is at the base rate of the raw test; the next section goes to
# 1:5.)

# %% [markdown]
# ### Where ties come from
#
# A network that is very sure pushes its softmax to the end of the number range. Below, the same logits are scaled up, as an overconfident network
# would, and the finished score is rounded to float32, in which most networks are computed.

# %%
for sureness in (1, 10, 100):
    scaled = [(sureness * logits).astype(np.float32) for logits in (in_logits, out_logits)]
    exact = [msp(logits) for logits in scaled]
    rounded = [score.astype(np.float32) for score in exact]
    saturated = 100 * np.mean(rounded[0] == -1)
    values = [100 * metrics.auroc(*pair) for pair in (exact, rounded)]
    print(f"logits x {sureness:3d}: {saturated:5.1f} % of inliers at -1; AUROC float64 {values[0]:.2f}, float32 {values[1]:.2f}")

# %% [markdown]
# Scaling keeps the winner of every row but not the ranking of rows, so AUROC moves; and once scores reach exactly $-1$, they tie, and the information
# that separated them is gone. Hence the book keeps logits, and computes scores in float64.
#
# ## 1.8 How sure is a metric?
#
# A test set is a sample; another one gives another number. With synthetic scores we can take a fresh sample as often as we like, and see how much the
# three metrics scatter for a given number of anomalies (and `RATIO` times as many inliers).

# %%
sizes = [50, 100, 200, 500, 1000, 2000]
rows = []
for size in sizes:
    samples = [(generator.normal(0, 1, RATIO * size), generator.normal(1.5, 1, size)) for _ in range(REPEATS)]
    rows.append(100 * pd.DataFrame([metrics.detection_metrics(*sample) for sample in samples]).std())
scatter = pd.DataFrame(rows, index=pd.Index(sizes, name="anomalies"))
scatter.round(2)

# %%
axes = scatter.plot(loglog=True, style=["^-", "o--", "s:"], figsize=(5.2, 3.6), xlabel="anomalies in the test", ylabel="standard deviation\n(points)")
axes.set_xticks(sizes, [str(size) for size in sizes])
axes.set_yticks([0.5, 1, 2, 5], ["0.5", "1", "2", "5"])
axes.minorticks_off()
figures.publish(axes.figure, "01_sample_size", FIGURES, "How far each metric scatters for a number of anomalies in the test.")

# %% [markdown]
# On these axes the lines fall with slope $-\frac{1}{2}$: four times the examples, half the scatter. FPR95 scatters most, as it hangs on the lowest
# twentieth of the anomalies. So a difference has to be large beside the scatter of the test: two detectors on samples of their own differ by chance
# with $\sqrt{2}$ times the standard deviation of one.

# %%
beyond_chance = 2 * np.sqrt(2) * scatter.loc[2000]
print("with 2000 anomalies, beyond two standard deviations of a difference:",
      ", ".join(f"{metric} from {value:.1f} points on" for metric, value in beyond_chance.items()))  # fmt: skip

# %% [markdown]
# That holds for tests that are drawn apart. Two detectors on the *same* test share its luck, so that less can be enough; how much less depends on how
# alike they are.
#
# ### Draws and seeds
#
# The paper's "average of 10 runs" are ten **draws**: ten random test subsets at 1:5, scored by *one* network. What they do not show is what happens
# when the network is trained again, with another **seed**. The book reports both. Here a seed is another division of the digits and another training.

# %%
rows, names = [], {"table": 7, "in_dist": "digits 0-7", "out_dist": "digits 8, 9", "method": "MSP", "outliers": "", "scale": SCALE, "stand_in_for": ""}
for seed in range(SEED, SEED + 5):
    model, _, inliers = trained_parts(seed)
    seed_scores = [msp(model.decision_function(part)) for part in (inliers, anomalies)]
    draws = base_rate_draws(len(inliers), len(anomalies), draws=DRAWS, ratio=RATIO, seed=seed)
    rows += [names | {"seed": seed} | row for row in records.on_draws(*seed_scores, draws, TPR)]
measured = records.validate(pd.DataFrame(rows))
measured.head(3)

# %% [markdown]
# Records like these are the book's raw results: one row for each metric, seed and draw, in percent. Two ways to summarise the spread:

# %%
by_seed = measured.groupby(["metric", "seed"])["value"]
spreads = {"std over draws (one network)": by_seed.std().groupby("metric").mean(),
           "std over seeds": by_seed.mean().groupby("metric").std()}  # fmt: skip
pd.DataFrame({"mean": measured.groupby("metric")["value"].mean(), **spreads}).round(1)

# %% [markdown]
# Both columns could stand behind a "±", and they answer two questions. *Over draws*: would other anomalies from the same source give this number, for
# this network? *Over seeds*: would the method give it again? Only the second tells about a method, and a difference between methods should be large
# beside it. More draws sharpen the mean over draws, and nothing else: the draws share one network, and here one set of inliers.
#
# ## 1.9 Choosing a threshold for deployment
#
# FPR95 takes its threshold from the test anomalies. In deployment there are none: nobody knows tomorrow's anomalies. What one has are inliers, so the
# threshold is set by the false-alarm rate $\alpha$ that one can bear. Take $n$ held-out inliers, never trained on, and let $\tau$ be their $k$-th
# highest score. How often will a *new* inlier ring?
#
# If scores do not tie, this rate is itself random, and its distribution is known whatever the scores look like:
#
# $$\text{FPR}(\tau) \sim \text{Beta}(k,\; n + 1 - k), \qquad \text{with mean } \frac{k}{n + 1}.$$
#
# So $k = \lfloor \alpha (n + 1) \rfloor$ keeps the rate at or below $\alpha$ on average.


# %%
def deployment_threshold(held_out_scores, alpha):
    n = held_out_scores.size
    k = int(np.floor(alpha * (n + 1)))  # at least 1 / alpha - 1 inliers, or there is no such threshold
    return np.sort(held_out_scores)[-k], stats.beta.interval(0.95, k, n + 1 - k)


alpha = 0.05
threshold, (low, high) = deployment_threshold(msp(classifier.decision_function(held_out)), alpha)
false_alarms, caught = (np.mean(scores >= threshold) for scores in scored["MSP"])
print(f"95 % interval for the false-alarm rate: {100 * low:.1f} to {100 * high:.1f} %, asked for {100 * alpha:g} %")
print(f"on the test inliers: {100 * false_alarms:.1f} %; anomalies caught at this threshold: {100 * caught:.1f} %")

# %% [markdown]
# The interval is the honest form of "5 % false alarms": it is wide, because a few hundred inliers pin down a tail of one in twenty only roughly. (The
# rate on the test inliers is an estimate too, and may fall beside it.) How many anomalies are caught is then a result and not a choice.
#
# Is the formula true? Choose the threshold again and again on fresh synthetic inliers, whose true false-alarm rate the normal distribution gives, and
# compare with the Beta density.

# %%
figure, axes = plt.subplots(figsize=(6, 3.4))
grid = np.linspace(0.001, 0.14, 300)
for n, (colour, dash) in zip((100, 400, 1600), figures.LINES, strict=False):
    realised = [stats.norm.sf(deployment_threshold(generator.normal(size=n), alpha)[0]) for _ in range(5 * REPEATS)]
    k = int(alpha * (n + 1))
    axes.hist(100 * np.array(realised), bins=40, range=(0, 14), density=True, color=colour, alpha=0.25)
    label = f"{n} held-out inliers"
    more, twice = (100 * stats.beta.sf(factor * alpha, k, n + 1 - k) for factor in (1.5, 2))
    print(f"{label}: more than half as often again as asked for in {more:.2f} % of the cases, more than twice as often in {twice:.2f} %")
    axes.plot(100 * grid, stats.beta.pdf(grid, k, n + 1 - k) / 100, color=colour, linestyle=dash, label=label)
axes.axvline(100 * alpha, color=figures.GREY, linewidth=0.9, label="asked for")
axes.set(xlabel="realised false-alarm rate of a new inlier (percent)", ylabel="density")
axes.legend()
figures.publish(figure, "01_deployment_threshold", FIGURES, "False-alarm rates that a threshold chosen on a few held-out inliers really has.")

# %% [markdown]
# Simulation (bars) and formula (lines) agree. To halve the width takes four times the inliers. The promise holds as long as new inliers come from
# $\mathcal{D}_{\text{in}}$: if the camera, the season or the language changes, it is void.
#
# ## 1.10 Pitfalls
#
# - **Sign.** A score that falls with anomaly gives an AUROC below 50 %. Turn the sign once, where the score is made.
# - **Trapezoids under the precision-recall curve.** Straight lines between its points are not what any threshold can reach (exercise 4).
# - **The threshold chosen on the test anomalies.** It is fine inside FPR95 and nowhere else.
# - **A mean over sets that hides one.** The paper's Mean rows average very different anomalies; look at the rows.
#
# ## Summary
#
# - AUROC is the chance that an anomaly outscores an inlier, ties half; 50 % is guessing, whatever the base rate.
# - AUPR is the mean precision at the moment an anomaly is found; guessing earns the base rate, one sixth at this book's 1:5.
# - FPR95 is the share of inliers that ring when 95 % of the anomalies do; the hardest anomalies decide it.
# - A threshold for deployment comes from held-out inliers, and its false-alarm rate has a known distribution.
# - Behind a "±" stands a question: draws ask about the test sample, seeds about the method.

# %% [markdown]
# ## Exercises
#
# **1. Only the order counts.** *Easy, 10 minutes.* Apply $s \mapsto \exp(s)$, $s^3$ and $s^2$ to the scores of section 1.1. Which of the three
# metrics change, and why? Give a table `by_transform` of percent, rows `s`, `exp(s)`, `s^3`, `s^2`.
#
# <details><summary>Hint</summary>Which of the three functions rises everywhere, also below zero?</details>

# %% tags=["solution"]
transforms = {"s": lambda s: s, "exp(s)": np.exp, "s^3": lambda s: s**3, "s^2": np.square}
by_transform = 100 * pd.DataFrame({name: metrics.detection_metrics(f(in_scores), f(out_scores)) for name, f in transforms.items()}).T
by_transform.round(1)

# %% [markdown] tags=["solution"]
# A strictly rising transform keeps the order and with it all three metrics. The square is not rising below zero: it makes very *low* scores look
# anomalous, so inliers from the lower tail now ring.

# %% tags=["check"]
check.only_the_order_counts(by_transform, in_scores, out_scores)

# %% [markdown]
# **2. From two rates to a precision.** *Easy, 10 minutes.* Write `precision_at(tpr, fpr, ratio)` for `ratio` inliers to one anomaly; what is it at
# TPR 95 %, FPR 5 % for 1:5 and 1:1000? Which share `fpr_needed` gives a precision of one half at 1:1000?
#
# <details><summary>Hint</summary>Count alarms among one anomaly and its inliers.</details>

# %% tags=["solution"]
def precision_at(tpr, fpr, ratio):
    return tpr / (tpr + ratio * fpr)  # of 1 + ratio examples, tpr hits and ratio * fpr false alarms


fpr_needed = 0.95 / 1000
print(f"1:5 {100 * precision_at(0.95, 0.05, 5):.1f} %, 1:1000 {100 * precision_at(0.95, 0.05, 1000):.1f} %")
print(f"needed FPR at 1:1000: {100 * fpr_needed:.3f} %")

# %% [markdown] tags=["solution"]
# Precision is $\text{TPR} / (\text{TPR} + r\,\text{FPR})$. One half needs as many hits as false alarms, so $\text{FPR} = \text{TPR} / r$: rare
# anomalies ask for an FPR that no table with one decimal can show.

# %% tags=["check"]
check.precision(precision_at, fpr_needed)

# %% [markdown]
# **3. A blind spot.** *Medium, 15 minutes.* A detector separates nine tenths of the anomalies perfectly, and scores the rest like inliers. Put AUROC
# and FPR95 into a dict `predicted` (percent), then measure `measured_blind`, as `detection_metrics` gives it. Which would you watch if the blind spot were the dangerous kind?
#
# <details><summary>Hint</summary>For FPR95, ask which share of the blind spot has to ring.</details>

# %% tags=["solution"]
predicted = {"AUROC": 100 * (0.9 + 0.1 / 2), "FPR95": 50}
blind = np.where(np.arange(2000) < 200, generator.normal(0, 1, 2000), generator.normal(20, 1, 2000))
measured_blind = metrics.detection_metrics(generator.normal(0, 1, 10_000), blind)
print({metric: f"{100 * value:.1f} %" for metric, value in measured_blind.items()})

# %% [markdown] tags=["solution"]
# AUROC is $0.9 + 0.1 / 2$, which looks excellent. To catch 95 % one has to catch half of the blind spot, whose scores are the inliers' own, so half
# of the inliers ring. FPR95 sees what the two areas average away.

# %% tags=["check"]
check.blind_spot(predicted, measured_blind)

# %% [markdown]
# **4. Trapezoids.** *Medium, 15 minutes.* Round the scores of 1.1 to the levels 0, 1 and 2. What is the area under their precision-recall points, in
# percent, `by_steps` and `by_trapezoids`, if at the recall 0 the curve has the precision of its first level? Which is larger, and which one can be reached?
#
# <details><summary>Hint</summary><code>metrics.precision_recall_curve</code> gives the points, <code>np.clip</code> the levels.</details>

# %% tags=["solution"]
coarse = [np.clip(scores.round(), 0, 2) for scores in (in_scores, out_scores)]
recall, precision = metrics.precision_recall_curve(*coarse)
by_steps, by_trapezoids = 100 * np.dot(np.diff(recall), precision[1:]), 100 * np.trapezoid(precision, recall)
print(f"steps {by_steps:.1f} %, trapezoids {by_trapezoids:.1f} %")

# %% [markdown] tags=["solution"]
# Trapezoids come out larger. To get from one threshold to the next one must take all examples of a level at once (or at random, which gives a curve
# below the straight line): the points on the line cannot be reached.

# %% tags=["check"]
check.trapezoids(by_steps, by_trapezoids, in_scores, out_scores)

# %% [markdown]
# **5. A guarantee instead of an average.** *Hard, 20 minutes.* Section 1.9 keeps the false-alarm rate at $\alpha$ on average, so it is above $\alpha$
# about half of the time. Write `safe_k(n, alpha)`: the largest $k$ with which the rate stays below $\alpha$ with probability 95 %. For $n = 400$, how
# many anomalies of section 1.1 does the caution cost?
#
# <details><summary>Hint</summary><code>stats.beta.ppf(0.95, ...)</code> is what the rate stays below 95 times in a hundred.</details>

# %% tags=["solution"]
def safe_k(n, alpha):
    candidates = np.arange(1, int(alpha * (n + 1)) + 1)
    return candidates[stats.beta.ppf(0.95, candidates, n + 1 - candidates) <= alpha].max()


calibration = np.sort(generator.normal(0.0, 1.0, 400))
for name, k in (("average", int(alpha * 401)), ("guarantee", safe_k(400, alpha))):
    threshold = calibration[-k]
    print(f"{name}: k = {k}, false alarms {100 * stats.norm.sf(threshold):.1f} %, "
          f"anomalies caught {100 * np.mean(out_scores >= threshold):.1f} %")  # fmt: skip

# %% [markdown] tags=["solution"]
# The guarantee asks for a higher threshold and catches fewer anomalies. With more held-out inliers the two $k/n$ come together.

# %% tags=["check"]
check.guarantee(safe_k)

# %% [markdown]
# ## References
#
# - D. Hendrycks, M. Mazeika, T. Dietterich. *Deep Anomaly Detection with Outlier Exposure.* ICLR 2019. Section 4.1: the three metrics and the base
#   rate; appendix H: ROC and PR curves.
# - J. Davis, M. Goadrich. *The relationship between precision-recall and ROC curves.* ICML 2006.
# - D. Hendrycks, K. Gimpel. *A baseline for detecting misclassified and out-of-distribution examples in neural networks.* ICLR 2017.
# - V. Vovk. *Conditional validity of inductive conformal predictors.* ACML 2012. The Beta law of section 1.9.
# - `hendrycks/outlier-exposure`, `utils/display_results.py`: the official metrics.
