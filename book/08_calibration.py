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
# # 8. Calibration: how sure may a network be?
#
# A weather forecast of 30 % rain is a good one if it rains on three of ten such days. A classifier that says "a seven, 90 %"
# should be right nine times in ten. And what should it say to an image that is no digit at all, where no answer is right?
#
# > Can one believe the confidence of a classifier when some of what it is asked has no right answer, and does Outlier
# > Exposure make it more believable?
#
# **You will learn**
#
# - to measure calibration: RMS and MAD error in adaptive bins, and the soft F1 score of mistakes;
# - to fit a temperature on held-out examples, and what it can and cannot repair;
# - to read reliability diagrams and histograms of confidence, with anomalies in the sample and without;
# - the paper's Tables 12 and 13 and its Figure 3 beside your own numbers;
# - that the text and the official code compose the sample differently, and how much of a calibration error that decides.
#
# Needed: chapters 1 and 2.

# %% tags=["parameters"]
SCALE = "demo"
IN_DISTS: list[str] = []  # data sets to learn; empty: those of the scale
OUTLIERS = ""  # data set of outliers; empty: the paper's, or its stand-in
OUT_DISTS: list[str] = []  # test anomalies; empty: the paper's for the in-distribution
HOLDOUT = 0  # training examples held out for the temperature; 0: as many as in the paper
SEEDS: int | None = None  # trainings of each network; None: as many as the scale has
DRAWS: int | None = None  # samples of each trained network; None: ten, as in the paper
SHARE = 1.0  # of every schedule's epochs; 0.3 makes 30 of 100, and tables say so
VARIANT = "paper"  # "code": the official code's training where it differs from the text
PROTOCOL = "paper"  # how samples are measured in 8.3 to 8.7; 8.8 shows the others beside it

# %% tags=["checks"]
from oe_core import ArgumentError, calibration_experiment, check_counts, check_lists, check_scale
from oe_core.evaluation import holdout

check_counts(SEEDS=SEEDS, DRAWS=DRAWS)
check_lists(IN_DISTS=IN_DISTS, OUT_DISTS=OUT_DISTS)
options = {"holdout": HOLDOUT, "outliers": OUTLIERS, "out_dists": OUT_DISTS, "variant": VARIANT, "share": SHARE}
chosen = IN_DISTS or holdout.IN_DISTS[check_scale(SCALE)]
plans = {name: calibration_experiment(name, SCALE, **options) for name in chosen}
trainings = [(plans.values(), SEEDS)]  # what `make runs` trains: (experiments, how many seeds)
if PROTOCOL not in holdout.PROTOCOLS:
    raise ArgumentError(f"PROTOCOL={PROTOCOL!r} is unknown; choose one of {', '.join(holdout.PROTOCOLS)}")

# %%
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from exercises import ch08_calibration as check
from IPython.display import Markdown, display

from oe_core import MissingDataError, Store, calibrate, figures, paper, runs_root
from oe_core.evaluation import calibration
from oe_core.wording import several

plt.rcParams.update(figures.STYLE)
ROOM, PROTOCOLS = runs_root() / SCALE, holdout.PROTOCOLS

# %% [markdown]
# ## 8.1 Measuring, by hand
#
# Take a toy network whose posterior we know. Its labels are drawn from an honest posterior over ten classes, but it
# reports logits three times too large: it boasts.

# %%
rng = np.random.default_rng(0)
honest = 2 * rng.normal(size=(2000, 10))
posterior = np.exp(honest) / np.exp(honest).sum(axis=1, keepdims=True)
labels = (rng.random(2000)[:, None] > posterior.cumsum(axis=1)).sum(axis=1)
logits = 3 * honest
correct = logits.argmax(axis=1) == labels
confidence = calibration.confidences(logits)  # the largest softmax probability, c
print(f"accuracy {correct.mean():.2f}, mean confidence {confidence.mean():.2f}")

# %% [markdown]
# Sort the examples by confidence $c$ and cut them into bins $B_i$ of 100. In each bin, compare how sure the network was with how
# often it was right:
#
# $$\mathrm{RMS} = \sqrt{\sum_i \tfrac{|B_i|}{n} \big(\mathrm{acc}(B_i) - \mathrm{conf}(B_i)\big)^2}, \qquad
# \mathrm{MAD} = \sum_i \tfrac{|B_i|}{n} \big|\mathrm{acc}(B_i) - \mathrm{conf}(B_i)\big|.$$
#
# Such bins are **adaptive**: narrow where many examples are. The third measure asks whether mistakes are doubted. With doubt
# $1 - c$ and $m = 1$ for a mistake, **soft F1** is $\sum (1 - c)\, m \,/\, \tfrac12 \sum \big((1 - c) + m\big)$, higher = better.

# %%
bins = np.argsort(confidence).reshape(20, 100)
gaps = correct[bins].mean(axis=1) - confidence[bins].mean(axis=1)
mistakes, doubt = ~correct, 1 - confidence
by_hand = {
    "RMS": np.sqrt((gaps**2).mean()),
    "MAD": np.abs(gaps).mean(),
    "SoftF1": 2 * (doubt * mistakes).sum() / (doubt + mistakes).sum(),
}

# %%
by_package = calibration.calibration_metrics(confidence, correct)
assert all(np.isclose(by_hand[metric], by_package[metric]) for metric in by_hand)
print(", ".join(f"{metric} {100 * value:.1f} %" for metric, value in by_package.items()))

# %% [markdown]
# Where the number of examples is no multiple of 100, the package gives the remainder to the last, most confident bin.
#
# The cure for boasting is one number. The **temperature** $T$ divides the logits, $\operatorname{softmax}(l / T)$, and is chosen so that the labels of
# held-out examples become as likely as possible. In $b = 1/T$ the loss is convex; its slope is the mean of $\mathbb{E}_p[l] - l_y$, its
# curvature the mean of $\mathrm{Var}_p[l]$, both under the softmax $p$ at that temperature. A few of Newton's steps suffice:

# %%
def temperature_by_hand(logits, labels, steps=12):
    """Newton's steps for 1/T, from the hot side: T = 20."""
    inverse, own = 0.05, logits[np.arange(len(labels)), labels]
    for _ in range(steps):
        p = np.exp(inverse * (logits - logits.max(axis=1, keepdims=True)))
        p /= p.sum(axis=1, keepdims=True)
        mean = (p * logits).sum(axis=1)
        variance = (p * (logits - mean[:, None]) ** 2).sum(axis=1)
        inverse -= (mean - own).mean() / variance.mean()
    return 1 / inverse


fitted = calibration.fit_temperature(logits, labels)
assert np.isclose(fitted, temperature_by_hand(logits, labels))
print(f"T = {fitted:.3f}")

# %% [markdown]
# The package agrees, and finds the factor of the boast but for chance. (It also keeps each step inside a bracket: from $T = 1$, on
# the cold side, the first step of the cell above would run away. And it says so when there is no best temperature: a network that is right on every held-out
# example would be made infinitely sure.)

# %%
tuned = calibration.confidences(logits, fitted)
toy = {"toy, T = 1": (confidence, correct), f"toy, T = {fitted:.2f}": (tuned, correct)}
toy["what chance leaves"] = (tuned, rng.random(len(tuned)) < tuned)
figures.publish(figures.reliability(toy), "08_toy", ROOM / "figures", "Reliability of a made-up classifier: as it is, with its temperature tuned, and what chance alone leaves.")

# %% [markdown]
# A **reliability diagram**: each dot is a bin. On the diagonal a network is as often right as it claims; below it (orange) it
# claims too much. The third panel lets a perfectly calibrated network answer: its errors are not zero either, because a hundred
# coins rarely show exactly their share of heads. An error as small as that of the third panel says nothing against a network.

# %%
figures.tempered(logits, correct)

# %% [markdown]
# Turn the temperature: it moves every claim and no answer, and one place on the way fits best. Smaller bins show more of what is only chance.
#
# ## 8.2 Networks with a hold-out, and anomalies in the sample
#
# The networks of chapter 2 are trained again without a part of their training set: 5,000 images for SVHN and the CIFARs, 10,000 for Tiny
# ImageNet, in the paper. Then the baseline's copy is fine-tuned with outliers, on the same part. Each of the two gets its **own**
# temperature from the same held-out images. No anomaly is used for it.

# %%
store, found, not_run = Store(ROOM), {}, {}
for name, plan in plans.items():
    try:
        found[name] = calibrate(store, plan, protocols=tuple(PROTOCOLS), seeds=SEEDS, draws=DRAWS, progress=print)
    except MissingDataError as error:
        not_run[name] = str(error)
if not found:
    raise MissingDataError("\n\n".join(not_run.values()))

# %%
for name, by_protocol in found.items():
    for protocol, measured in by_protocol.items():
        measured.save(ROOM / "records" / "08_calibration" / (name if protocol == "paper" else f"{name}-{protocol}"))
records = {
    protocol: pd.concat([by_protocol[protocol].records for by_protocol in found.values()], ignore_index=True)
    for protocol in PROTOCOLS
}
first = next(iter(found.values()))[PROTOCOL]
in_dist = first.records["in_dist"].iloc[0]
print(f"{len(first.held_out):,} images held out; pictures below are of {in_dist}; samples: {PROTOCOLS[PROTOCOL]}")

# %% [markdown]
# ### The temperatures

# %%
pd.concat({name: measured[PROTOCOL].temperatures for name, measured in found.items()}, names=["in_dist", ""]).round(2)

# %% [markdown]
# **MSP** is the baseline, the maximum softmax probability, and **+OE** its exposed copy. Above 1 a network is heated, and claims less: it was too sure of itself. Below 1 it was too modest, as a short training can leave it, or Outlier Exposure, from which it has learned to be unsure. After tuning, the mean confidence on the held-out images
# should be near their accuracy. The loss of seed 0 at other temperatures (a dot marks the fitted one):

# %%
def held_out_loss(answers, temperatures):
    """Mean cross-entropy on the held-out part at each temperature."""
    own = answers.held_out[np.arange(len(answers.held_out)), answers.held_out_labels]
    scaled = [(answers.held_out / t, own / t) for t in temperatures]
    return [(np.logaddexp.reduce(logits, axis=1) - labels).mean() for logits, labels in scaled]


figure, axes = plt.subplots(figsize=(5.6, 3.3))
temperatures = np.geomspace(0.25, 4, 60)
for (method, label), (colour, dash) in zip({"MSP": "baseline", "+OE": "exposed"}.items(), figures.LINES, strict=False):
    best = first.temperature(method)
    axes.plot(temperatures, held_out_loss(first.answers[method, 0], temperatures), dash, color=colour, label=label)
    axes.plot(best, held_out_loss(first.answers[method, 0], [best]), "o", color=colour)
axes.set(xscale="log", xlabel="temperature T", ylabel="held-out cross-entropy (nats)", xticks=[0.25, 0.5, 1, 2, 4])
axes.xaxis.set_major_formatter("{x:g}")
axes.minorticks_off()
axes.legend()
figures.publish(figure, "08_temperature", ROOM / "figures", "Held-out cross-entropy over the temperature; dots mark the lowest.")

# %% [markdown]
# ## 8.3 Without anomalies, and with them
#
# First the setting in which calibration is usually measured: the test set of the in-distribution alone.

# %%
def inliers(method, tuned):
    """Confidence and correctness of seed 0 on the whole test set."""
    return first.answers[method, 0].inliers(first.temperature(method) if tuned else 1.0)


alone = {"baseline, T = 1": inliers("MSP", False), "baseline, tuned": inliers("MSP", True),
         "exposed, T = 1": inliers("+OE", False), "exposed, tuned": inliers("+OE", True)}  # fmt: skip
figures.publish(figures.reliability(alone), "08_reliability_alone", ROOM / "figures", "Accuracy over confidence on inliers alone, before and after tuning the temperature.")

# %% [markdown]
# Then the realistic one: in the sample are anomalies, on which every answer is wrong. Take the out-distribution whose error is the median one
# for the baseline.

# %%
def by_set(metric, table=12):
    """Mean of one metric for each out-distribution and method (percent)."""
    chosen = first.records[(first.records["table"] == table) & (first.records["metric"] == metric)]
    return chosen.pivot_table(index="out_dist", columns="method", values="value", sort=False)


rms = by_set("RMS")
typical = rms["Temperature"].sort_values().index[len(rms) // 2]
mixed = {"baseline, T = 1": first.sample("MSP", typical, tuned=False), "baseline, tuned": first.sample("MSP", typical),
         "exposed, tuned": first.sample("+OE", typical),
         "exposed, tuned, rescaled": first.sample("+OE", typical, rescaled=True)}  # fmt: skip
figures.publish(figures.reliability(mixed), "08_reliability_mixed", ROOM / "figures", f"Accuracy over confidence on {in_dist} with anomalies among them, {typical}.")

# %%
errors = {name: 100 * calibration.calibration_metrics(*alone[name])["RMS"] for name in ("baseline, tuned", "exposed, tuned")}
for name, on_inliers in errors.items():
    print(f"{name}: RMS error {on_inliers:.1f} on inliers alone, {100 * calibration.calibration_metrics(*mixed[name])['RMS']:.1f} with {typical}")

# %% [markdown]
# What was calibrated on inliers need not be so with anomalies. The temperature of the second panel was the best one for inliers, and it cannot know of anomalies; where it is below 1 it even makes them look more certain. Exposure works on
# the anomalies themselves: it is to move them to low confidence, where being wrong is honest. Three groups of examples stand behind each panel:

# %%
def groups(method, rescaled=False):
    """Tuned confidences of seed 0: right and wrong inliers, and anomalies."""
    answers, temperature = first.answers[method, 0], first.temperature(method)
    claimed, right = answers.inliers(temperature, rescaled)
    wrong = {"inliers, wrong": claimed[~right]} if not right.all() else {}
    anomalies, _ = answers.anomalies(typical, temperature, rescaled)
    return {"inliers, right": claimed[right], **wrong, f"anomalies ({typical})": anomalies}


panels = {"baseline": groups("MSP"), "exposed": groups("+OE"), "exposed, rescaled": groups("+OE", rescaled=True)}
figures.publish(figures.confidence_histograms(panels), "08_confidence", ROOM / "figures", "Confidences in right answers, in wrong ones, and on anomalies.")

# %% [markdown]
# The dotted lines are means. The nearer the mean of the anomalies is to the left end, and that of the right answers to the right end, the better
# the network knows what it does not know.
#
# ## 8.4 Table 12 and Figure 3

# %%
table_12 = paper.compare(records[PROTOCOL], 12, notes=[f"Samples: {PROTOCOLS[PROTOCOL]}."])
paper.publish(table_12, "table_12", ROOM / "tables")
Markdown(paper.rendered(table_12))

# %% [markdown]
# In the paper **RMS** and **MAD** fall from **Temperature** to **+OE**, and **SoftF1** rises. (What the same training without outliers does to the error stands in 9.1.) Here:

# %%
def changes(table):
    """What the last method changes of the first, each metric and in-distribution."""
    for name, row in table.droplevel("out_dist").iterrows():
        means = {metric: row[metric].xs("mean", level=1) for metric in table.columns.unique(0)}
        print(f"{name}: " + ", ".join(f"{metric} {values.iloc[0]:.1f} to {values.iloc[-1]:.1f}" for metric, values in means.items()))


changes(table_12)

# %% [markdown]
# Figure 3 of the paper is the first pair of columns as bars:

# %%
def bars_of(table, metric="RMS"):
    """One row an in-distribution; for each method its mean and its spread over seeds."""
    cells = table[metric].droplevel("out_dist")
    methods = list(dict.fromkeys(cells.columns.get_level_values(0)))
    columns = {name: cells[method, field] for method in methods
               for name, field in ((method, "mean"), (f"{method} ±", "std_seeds"))}  # fmt: skip
    return pd.DataFrame(columns).astype(float)


printed = paper.paper_table(12).query("metric == 'RMS'").astype({"value": float})
printed = printed.pivot_table(index="in_dist", columns="method", values="value", sort=False)
figure = figures.error_bars({"here": bars_of(table_12), "the paper": printed})
figures.publish(figure, "figure_3", ROOM / "figures", "RMS calibration errors with anomalies among the inliers, here and in the paper's Figure 3.")

# %% [markdown]
# Compare the fall, not the height: the height of a bar depends on how the sample was composed, which 8.8 shows.
#
# ## 8.5 Each out-distribution

# %%
figure = figures.error_bars({f"{in_dist} with": rms})
figures.publish(figure, "08_each_set", ROOM / "figures", "RMS calibration errors with each out-distribution, tuned and exposed.")

# %%
from oe_core import auroc


def detection(method):
    """AUROC (percent) of low confidence as the score, seed 0, for each out-distribution."""
    answers = first.answers[method, 0]
    return {out: 100 * auroc(-answers.inliers()[0], -answers.anomalies(out)[0]) for out in answers.outs}


areas = pd.DataFrame({"Temperature": detection("MSP"), "+OE": detection("+OE")})
pd.concat({metric: by_set(metric) for metric in ("RMS", "MAD", "SoftF1")} | {"AUROC": areas}, axis=1).round(1)

# %% [markdown]
# Beside the errors stands how well each network *detects* the set, the AUROC of chapter 2 (Figure 2.3; seed 0, whole sets). The two are related, and not the same: detection asks for an order only, calibration for a number. So an AUROC near 100 can
# stand beside an error that is still large. There nearly every anomaly is less sure than nearly every inlier, and still much too sure. The largest error beside a high AUROC:

# %%
detected = areas["+OE"][areas["+OE"] >= 95]
worst = rms["+OE"][detected.index].idxmax() if len(detected) else None
print(f"of {len(detected)} sets with an AUROC of 95 or more, {worst} (AUROC {detected[worst]:.1f}) has the largest RMS error, {rms['+OE'][worst]:.1f}" if worst
      else "no set has an AUROC of 95 or more")  # fmt: skip
gains = areas["+OE"] - areas["Temperature"]
print(f"the least gain in AUROC is {gains.min():+.1f}, on {gains.idxmin()}; the RMS error changes there by {(rms['+OE'] - rms['Temperature'])[gains.idxmin()]:+.1f}")

# %% [markdown]
# ## 8.6 Rescaling: Table 13
#
# Even a wholly undecided network claims $1/k$, ten percent for ten classes, and on an anomaly that is ten percent too much. The paper maps
# $[1/k, 1]$ to $[0, 1]$: $c' = (c - \frac1k) / (1 - \frac1k)$.

# %%
claims = np.array([0.1, 0.55, 1.0])
undecided = calibration.confidences(np.log([[0.1] * 10, [0.55] + [0.05] * 9, [1 - 9e-12] + [1e-12] * 9]), rescaled=True)
assert np.allclose(undecided, (claims - 1 / 10) / (1 - 1 / 10))
print(", ".join(f"{before:.2f} -> {after:.2f}" for before, after in zip(claims, undecided, strict=True)))

# %%
table_13 = paper.compare(records[PROTOCOL], 13, notes=[f"Samples: {PROTOCOLS[PROTOCOL]}."])
paper.publish(table_13, "table_13", ROOM / "tables")
Markdown(paper.rendered(table_13))

# %% [markdown]
# Rescaling alone (from **Temperature** to **+Rescale**) lowers each claim by $(1 - c) / (k - 1)$, those near $1/k$ most, and hardly any where there are many classes. So it can give most to a network that *makes* such claims on anomalies;
# right answers are lowered, too. What it takes off the RMS error of either network:

# %%
for (name, plain), (_, rescaled) in zip(table_12["RMS"].droplevel("out_dist").iterrows(), table_13["RMS"].droplevel("out_dist").iterrows(), strict=True):
    print(f"{name}: baseline {rescaled['+Rescale', 'mean'] - plain['Temperature', 'mean']:+.1f}, exposed {rescaled['+OE', 'mean'] - plain['+OE', 'mean']:+.1f}")

# %% [markdown]
# ## 8.7 What does it cost on inliers?
#
# The same estimators on the test set alone, mean over seeds, in percent:

# %%
def on_inliers(measured):
    """RMS, MAD, soft F1 and accuracy on the test set alone, of every network, tuned and not."""
    rows = []
    for (method, seed), answers in measured.answers.items():
        for tuned in (False, True):
            claimed, right = answers.inliers(measured.temperature(method, seed) if tuned else 1.0)
            values = calibration.calibration_metrics(claimed, right) | {"accuracy": right.mean()}
            rows.append({"network": method, "temperature": "tuned" if tuned else "1", **values})
    return 100 * pd.DataFrame(rows).groupby(["network", "temperature"], sort=False).mean()


pd.concat({name: on_inliers(measured[PROTOCOL]) for name, measured in found.items()}).round(2)

# %% [markdown]
# Read the exposed network's two rows against the baseline's. Where its untuned error is the larger one, its fine-tuning has moved the confidence on
# inliers, to where the temperatures of 8.2 say; tuning takes that back, as far as one number can. A temperature shared by both networks would serve only one of them.
#
# ## 8.8 As many anomalies as inliers, or a fifth?
#
# The text of the paper takes equally many examples of both kinds. The official code draws one anomaly to **five** inliers. Its loop over the
# bins also ends one too early, so that the most confident bin is left out, and it looks for temperatures in $[0.2, 5]$ only. The
# first two are a named protocol each, and `code` is all three together; the same networks, the same logits:

# %%
print("\n".join(f"{name:10} {protocol}" for name, protocol in PROTOCOLS.items()))

# %%
from oe_core.atomic import write_text


def side_by_side(table):
    """Means of one table under every protocol, and the paper's own, over its sets."""
    printed = paper.paper_table(table).astype({"value": float})
    frames = {name: frame[frame["table"] == table] for name, frame in records.items()} | {"printed": printed}
    columns = ["in_dist", "metric", "method"]
    means = {name: frame.groupby(columns, sort=False)["value"].mean() for name, frame in frames.items()}
    order = list(dict.fromkeys(zip(printed["metric"], printed["method"], strict=True)))
    rows = pd.DataFrame(means).unstack(["metric", "method"]).stack(0, future_stack=True)
    measured = [name for name in rows.index.get_level_values(0).unique() if name in set(records[PROTOCOL]["in_dist"])]
    return rows.loc[measured, order].dropna(how="all").round(1)


for number in (12, 13):
    side = side_by_side(number)
    write_text(ROOM / "tables" / f"table_{number}_readings.csv", side.to_csv())
    display(Markdown(f"**Table {number}**"), side)

# %% [markdown]
# Numbers from different ratios are different quantities: where half of the sample cannot be answered, whatever confidence it gets is misplaced. The official code's published logs print the very numbers of the paper's Table 12, so that the
# row to hold beside **printed** (where the paper has the data set; over its own out-distributions) is **code**. Which network is the better one is another question, and may have one answer in all rows:

# %%
table_12_rows = side_by_side(12)["RMS"]
for name, rows in table_12_rows.groupby(level=0):
    better = rows.droplevel(0).loc[list(PROTOCOLS)].idxmin(axis=1)
    print(f"{name}: the RMS error of the baseline is {rows.loc[(name, 'paper'), 'Temperature']:.1f} at 1:1, {rows.loc[(name, 'code-ratio'), 'Temperature']:.1f} at 1:5; "
          f"the lower error is that of {' and '.join(f'{method} in {count} of {len(better)} rows' for method, count in better.value_counts().items())}")  # fmt: skip

# %% [markdown]
# The missing bin matters where there are few: among two hundred bins it is half a percent of the examples, among five it is a fifth or
# more, and the most confident ones.

# %%
examples = {name: sum(map(len, next(iter(measured["code"].draws.values()))[0])) for name, measured in found.items()}
print("\n".join(f"{name}: {several('bin', max(1, count // 100))} of the code's {count} examples" for name, count in examples.items()))

# %% [markdown]
# ## 8.9 What was not run

# %%
missing = not_run | {f"{name} / {out}": why for name, e in found.items() for out, why in e[PROTOCOL].tests.missing.items()}
print("\n\n".join(f"{name}\n{why}" for name, why in missing.items()) or "Everything that was asked for was run.")

# %% [markdown]
# ## Summary
#
# - Calibration compares claimed confidence with the share of right answers, bin by bin; the bins alone leave an error of chance.
# - A temperature from held-out inliers makes a network honest about inliers. It knows nothing of anomalies, and moves their confidence only
#   together with that of the inliers.
# - Outlier Exposure is to lower the confidence on anomalies themselves. 8.5 says where the error fell with it; 8.7 whether inliers paid for it, once each network has its own temperature.
# - Rescaling removes the floor of $1/k$; it pays for a network that goes down to the floor.
# - How a sample is composed decides the size of a calibration error. It has to be printed beside the number.
#
# ## Exercises
#
# They are about the baseline of seed 0: the logits of one `sample` of 8.3, inliers and anomalies, and which of its answers are `right`; and, at the temperature tuned on inliers, the confidences `claimed` on the test set, which of them
# are `hits`, and the confidences on all `anomalies` of the same set.

# %%
inside, outside = first.draws[typical][0]
answers, own_temperature = first.answers["MSP", 0], first.temperature("MSP")
sample = np.concatenate([answers.test[inside], answers.outs[typical][outside]])
right, (claimed, hits) = first.sample("MSP", typical)[1], inliers("MSP", True)
anomalies = answers.anomalies(typical, own_temperature)[0]

# %% [markdown]
# **1. The best temperature for the mixture.** *Medium, 20 minutes.* Search the temperature `best` that gives the lowest RMS error on `sample`, anomalies included, and that error, `best_rms`, in percent. (That is cheating: no anomaly may
# be used for tuning.) Does it reach the exposed network? Would you prefer it?
#
# <details><summary>Hint</summary><code>calibration.confidences(sample, T)</code> and <code>calibration.calibration_metrics</code>; search on a scale of ratios, to both sides of 1.</details>

# %% tags=["solution"]
def rms_at(temperature):
    return 100 * calibration.calibration_metrics(calibration.confidences(sample, temperature), right)["RMS"]


best = min(np.geomspace(0.25, 20, 60), key=rms_at)
best_rms = rms_at(best)
exposed = first.sample("+OE", typical)
print(f"RMS {best_rms:.1f} % at T = {best:.2f} (tuned on inliers: {own_temperature:.2f}); exposed: {100 * calibration.calibration_metrics(*exposed)['RMS']:.1f} %")
for name, (confidence, correct) in {"baseline, cheating": (calibration.confidences(sample, best), right), "exposed, tuned": exposed}.items():
    print(f"{name}: soft F1 {100 * calibration.calibration_metrics(confidence, correct)['SoftF1']:.1f} %, confidence where right {confidence[correct].mean():.2f}")

# %% [markdown] tags=["solution"]
# With enough heat everything is unsure, and on a sample in which so many answers are wrong being unsure is cheap: the error falls. What is lost is the use of the number: look at the confidence on right answers before you prefer such a network.

# %% tags=["check"]
check.best_for_the_mixture(best, best_rms, sample, right)

# %% [markdown]
# **2. Bins of equal width.** *Medium, 20 minutes.* The usual expected calibration error (ECE) cuts $[0, 1]$ into 15 bins of equal width: write `ece(claimed, hits, bins=15)`, in percent, weighted as MAD is. What is it on the test set,
# beside MAD? Why are adaptive bins fairer where most confidences are high?
#
# <details><summary>Hint</summary>The number of a bin is the claim times the bins, rounded down; a claim of exactly 1 belongs to the last one.</details>

# %% tags=["solution"]
def ece(claimed, hits, bins=15):
    which = np.minimum((bins * claimed).astype(int), bins - 1)
    return 100 * sum(abs(hits[which == b].mean() - claimed[which == b].mean()) * (which == b).mean() for b in np.unique(which))


mad = 100 * calibration.calibration_metrics(claimed, hits)["MAD"]
print(f"ECE {ece(claimed, hits):.2f} %, MAD {mad:.2f} %; the top bin holds {100 * (claimed >= 14 / 15).mean():.0f} % of the examples")

# %% [markdown] tags=["solution"]
# Where most examples fall into one wide bin, claims that are too high and too low cancel out in it; the others hold a handful each, whose shares are mostly chance.

# %% tags=["check"]
check.equal_widths(ece)

# %% [markdown]
# **3. A coin.** *Easy, 10 minutes.* What are RMS, MAD and soft F1 of a network that claims 1/2 everywhere, on a sample of one inlier to one anomaly in which all inliers are answered rightly? First on paper, as a dict `claims_a_half` with
# the keys `RMS`, `MAD` and `SoftF1` in percent, then with the package.
#
# <details><summary>Hint</summary>In a large bin of such a sample, which share of the answers is right?</details>

# %% tags=["solution"]
claims_a_half = {"RMS": 0, "MAD": 0, "SoftF1": 100 * 2 * 50 / (100 + 100)}
by_package = calibration.calibration_metrics(np.full(200, 0.5), np.arange(200) < 100)
print(claims_a_half, {metric: float(100 * value) for metric, value in by_package.items()})

# %% [markdown] tags=["solution"]
# Perfectly calibrated, and useless: both errors are 0. Soft F1 is $2 \cdot \frac{50}{100 + 100} = \frac12$, which tells that the doubt is in the wrong places. (Examples of equal confidence share their accuracy in the package, so that
# no order among them can change a bin.)

# %% tags=["check"]
check.coin(claims_a_half)

# %% [markdown]
# **4. More of one kind.** *Medium, 20 minutes.* Predict the RMS error for one anomaly to *fifty* inliers, then measure: a table `by_ratio` in percent, with rows 1, 2, 5, 10 and 50 (inliers to one anomaly), columns `RMS`, `MAD` and
# `SoftF1`, each on the first draw that `base_rate_draws(len(claimed), len(anomalies), 1, ratio)` gives. From which ratio on would you rather report soft F1?
#
# <details><summary>Hint</summary>A draw is a pair of positions, of inliers and of anomalies; join both groups, the anomalies as wrong answers.</details>

# %% tags=["solution"]
from oe_core import base_rate_draws

rows = {}
for ratio in (1, 2, 5, 10, 50):
    ins, outs = base_rate_draws(len(claimed), len(anomalies), 1, ratio)[0]
    rows[ratio] = calibration.calibration_metrics(np.append(claimed[ins], anomalies[outs]), np.append(hits[ins], np.zeros(len(outs), dtype=bool)))
by_ratio = 100 * pd.DataFrame(rows).T
by_ratio.round(1)

# %% [markdown] tags=["solution"]
# The errors go to those of the inliers alone (8.7), whatever the network says to anomalies: a rare failure hardly shows in a mean over all examples. Soft F1 looks at mistakes, of which anomalies stay a large part for longer.

# %% tags=["check"]
check.more_of_one_kind(by_ratio, claimed, hits, anomalies)

# %% [markdown]
# ## References
#
# - D. Hendrycks, M. Mazeika, T. Dietterich. *Deep Anomaly Detection with Outlier Exposure.* ICLR 2019. Section 5, Figure 3;
#   appendix G: metrics, Tables 12 and 13.
# - C. Guo, G. Pleiss, Y. Sun, K. Q. Weinberger. *On calibration of modern neural networks.* ICML 2017. Temperature.
# - K. Nguyen, B. O'Connor. *Posterior calibration and exploratory analysis for natural language processing models.* EMNLP 2015. Adaptive bins.
# - J. Pastor-Pellicer et al. *F-measure as the error function to train neural networks.* IWANN 2013. Soft F1.
# - `hendrycks/outlier-exposure`, `utils/calibration_tools.py` and `CIFAR/test_calibration.py`: the official code.
