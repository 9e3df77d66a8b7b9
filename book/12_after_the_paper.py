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
# # 12. After the paper: what still holds
#
# Since 2018 detectors have come that need no outliers, the paper's outliers have been withdrawn by their authors, and one has begun to ask what a detector does with inliers that are only seen worse. Three questions to Outlier Exposure,
# to which the paper has no answer:
#
# > Does any later detector still help once Outlier Exposure is used, which outliers would one cite and use today, and what does the alarm do when an inlier is only seen worse?
#
# **You will learn**
#
# - to compare many detectors on one network, near and far anomalies apart, and to see how much of a difference is chance;
# - to choose a source of outliers by its terms, its size and validation distributions, and to notice when those are made as the source is;
# - to tell a needless alarm from one that is due, under blur, noise, light and compression;
# - to say beforehand what would contradict a claim, also where it is one's own.
#
# Needed: chapters 2 and 8; validation distributions are those of section 9.3, a threshold with its interval that of section 11.6. No GPU; at the scale `demo` no download.

# %% tags=["parameters"]
SCALE = "demo"
IN_DIST = ""  # data set to learn; empty: that of the scale
OUTLIERS = ""  # data set of outliers; empty: the paper's, or its stand-in
OUT_DISTS: list[str] = []  # test anomalies; empty: the paper's for the in-distribution
SEEDS: int | None = None  # trainings of each network; None: two at the scales course and paper, else one
SHARE = 1.0  # of every schedule's epochs; 0.3 makes 30 of 100, and tables say so
SOURCES: list[str] = []  # of outliers in 12.3, such as "my-folder~part={count}"; empty: those of the book that are at hand
SIZES: list[int] = []  # how many outliers of each source; empty: those of the scale
FALSE_ALARM_RATE = 0.05  # share of clean inliers that may ring, in 12.5

# %% tags=["checks"]
from oe_core import ArgumentError, calibration_experiment, check_choice, check_counts, check_lists, check_scale
from oe_core.detector.threshold import check_rate
from oe_core.evaluation import choices, holdout

check_counts(SEEDS=SEEDS)
check_lists(OUT_DISTS=OUT_DISTS, SOURCES=SOURCES, SIZES=SIZES)
check_rate(FALSE_ALARM_RATE)
IN_DIST = IN_DIST or holdout.IN_DISTS[check_scale(SCALE)][0]
check_choice("IN_DIST", IN_DIST, holdout.HOLDOUT)
SIZES = SIZES or {"smoke": [50, 500], "demo": [50, 500, 3000]}.get(SCALE, [500, 3000, 20_000])
if min(SIZES) < 1:
    raise ArgumentError(f"SIZES={SIZES} must be numbers of outliers, each at least 1")
seeds = SEEDS or (2 if SCALE in ("course", "paper") else 1)
plan = choices.at_hand(calibration_experiment(IN_DIST, SCALE, outliers=OUTLIERS, out_dists=OUT_DISTS, share=SHARE))
taught = choices.of_sources(plan, SIZES, SOURCES or choices.SOURCES)
# What `make runs` trains: (experiments or networks, how many seeds, or which).
trainings = [([plan, *taught.recipes.values()], seeds)]

# %%

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import torch
from exercises import ch12_after_the_paper as check
from IPython.display import Markdown, display
from scipy import stats

from oe_core import Store, ablate, auroc, figures, load_images, runs_root
from oe_core.atomic import write_record, write_text
from oe_core.data.catalog import CATALOG
from oe_core.data.corruptions import SEVERITIES, corrupted
from oe_core.data.derived import random_phases
from oe_core.data.sources import IMAGES
from oe_core.detector.threshold import threshold
from oe_core.detectors.kind import right
from oe_core.evaluation.ablations import ERROR, stamped, summary
from oe_core.evaluation.test_sets import TestSet, held_out
from oe_core.evaluation.validation import validation_scores
from oe_core.paper import results
from oe_core.posthoc import registry
from oe_core.posthoc import summary as posthoc
from oe_core.posthoc.comparison import compare_detectors

plt.rcParams.update(figures.STYLE)
ROOM = runs_root() / SCALE
KEPT = ROOM / "records" / "12_after_the_paper" / IN_DIST
store, own = Store(ROOM), plan.exposed.outliers
SHORTENED = f"{SHARE:g} of every schedule's epochs" if SHARE < 1 else ""  # stands with every number
ledger = results.Ledger(SHORTENED)


def state(key):
    """Say what would contradict a claim, before anything is measured."""
    display(results.CLAIMS.loc[[key]].style.hide(axis="index"))


# %% [markdown]
# ## 12.1 Later detectors
#
# A detector that needs no outliers reads what a trained classifier says: its logits, the features before its last layer, that layer's weights (*head*), or the gradient of the input. Here are MSP, the paper's own score, and those that were published beside
# the paper or after it. None of them sees an anomaly of the test: what is fitted is fitted to the training inliers, and ODIN's step is chosen on validation distributions.

# %%
listed = pd.DataFrame(registry.DETECTORS)[["name", "year", "reads", "settings"]].sort_values("year", kind="stable")
listed["reads"] = listed["reads"].str.join(", ")
listed["settings"] = [", ".join(f"{name} {value:g}" for name, value in settings.items()) for settings in listed["settings"]]
listed.style.hide(axis="index")

# %% [markdown]
# All of them look at the same two networks, test sets and draws: the baseline, and the same network fine-tuned with Outlier Exposure (chapter 2). Anomalies are **near** where they show the same kind of thing as the inliers (characters
# beside digits, objects beside objects), else **far**; a method that tells noise from digits need not tell letters from digits. The exposed network has also trained
# longer, and so it has in all of this chapter; what of a gain the longer training explains, the control of section 9.1 shows, on networks that hold out as these do. What would contradict the claim stands before the measurement:

# %%
state("detectors")
compared = compare_detectors(store, plan, seeds=seeds)
compared.save(KEPT / "detectors")
print("; ".join(f"{which}: {', '.join(names)}" for which, names in compared.records.groupby("distance")["out_dist"].unique().items()))
of_detectors = posthoc.summary(compared.records, compared.intervals)
areas = of_detectors[[metric for metric in of_detectors.columns.unique(0) if metric.startswith("AUROC ")]]
Markdown(f"{SHORTENED}\n\n{posthoc.rendered(areas)}")

# %% [markdown]
# AUROC, percent. ± is the standard deviation over trainings (over draws, where there is one); in brackets stands the 95 % bootstrap interval over examples, which says how much the choice of the test images moves a number. The two
# are different kinds of chance, and neither contains the other: a further training gives another network, further examples another test. Below 50
# a detector ranks anomalies *behind* inliers: where its score falls as logits or features grow, it takes what excites the network most, of whatever kind, for the surest inliers.

# %%
figure = figures.before_after(areas, title=f"{IN_DIST}: MSP and later detectors")
figures.publish(figure, "12_detectors", ROOM / "figures", "AUROC of later detectors on the baseline and on the exposed network, near and far anomalies apart.")

# %% [markdown]
# ## 12.2 The answer
#
# On the exposed network, what does each add to the plain score, MSP? The difference is taken on the same network, draw and examples, so that what is common to both drops out; it counts where it is larger than its spread over trainings (over
# draws, where there is one), and its interval over examples lies above zero. Each interval is of one detector: of forty that gain nothing, one is expected above zero all the same.

# %%
added = posthoc.gains(compared.records, compared.intervals)
print(posthoc.answer(added))
means = of_detectors["AUROC"].xs("mean", axis=1, level=1)
best = means["baseline"].idxmax()
print(ledger.enter(
    "detectors", f"{len(means)} detectors on the same two networks",
    f"AUROC {means['exposed']['MSP']:.1f} for MSP with OE, {means['baseline'][best]:.1f} for {best} without",
    means["exposed"]["MSP"] > means["baseline"].max()))  # fmt: skip
worse = (means["exposed"] < means["baseline"]).sum()
print(f"{worse} of {len(means)} detectors have a lower AUROC on the exposed network than on the baseline")
reads = {one.name: "features" if "features" in one.reads else "logits, no features" for one in registry.DETECTORS}
means.groupby(reads).agg(["mean", "min", "max"]).rename_axis("detectors that read").round(1)

# %% [markdown]
# A detector that reads logits finds in the exposed network what training put there: outliers have flat posteriors, by whatever number one reads the flatness. One that looks for features far from those of the training may look in vain, as exposure
# asks for undecided outputs, and small features give them; or it needs no exposure at all, where few, simple inliers fill little of the space of features, so that everything else is far from them (the embedded digits are such a set). So ask of a
# detector that wins without outliers whether it wins on inliers as varied as yours: `runs/reference` has CIFAR-10.
#
# ## 12.3 Outliers without a withdrawn data set
#
# The paper took its outliers for small images from 80 Million Tiny Images, which its authors withdrew in 2020 and asked everyone to delete. What would one take instead? Something that can be cited, with terms that allow its use, at a size at
# hand. Beside photographs: **textures** made of them, **icons** from a font, **dead leaves**, shapes that cover one another as the things of the world do (Lee et al. 2001; Baradad et al. 2021 show that networks learn to see from such images
# alone), and **mixtures** of two inliers of different classes (Zhang et al. 2018), for which one needs no other data at all. A texture keeps of a photograph how strong each frequency is, and nothing of where its edges are. By hand: to
# all phases of its Fourier transform those of white noise are added.

# %%
photographs = load_images(own, "train", plan.baseline.size).take(torch.arange(8))
noise = torch.randn((8, 1, plan.baseline.size, plan.baseline.size), generator=torch.Generator().manual_seed(0)).numpy()
phases = np.angle(np.fft.fft2(noise))
phases[..., 0, 0] = 0  # the mean stays
by_hand = np.fft.ifft2(np.fft.fft2(photographs.images.numpy()) * np.exp(1j * phases)).real.clip(0, 255)
ours = random_phases(photographs).images.numpy()
print(f"largest difference between the texture by hand and that of the package: {np.abs(by_hand - ours).max():.2f} of 255 grey levels (rounding alone makes up to 0.5)")

# %%
# The same as sets with names, as a recipe has them: `photo-china~part=500~phases`, `digits~mixed=500`.
def source_of(setting):
    """The source of a network's outliers and how many there are: ("dead-leaves", 500)."""
    source, _, count = setting.rpartition(", ")
    return source, int(count)


largest = {source_of(setting)[0]: recipe for setting, recipe in taught.recipes.items() if recipe.outliers}
pictures = {source: figures.pixels(load_images(recipe.outliers, "train", recipe.size).images[:12]) for source, recipe in largest.items()}
figure = figures.image_grid({f"inliers: {IN_DIST}": figures.pixels(load_images(IN_DIST, "train", plan.baseline.size).images[:12]), **pictures})
figures.publish(figure, "12_sources_seen", ROOM / "figures", "Inliers, and twelve outliers of each source, as the network sees them.")
roots = {source: IMAGES.root(recipe.outliers) for source, recipe in largest.items()}
terms = {source: CATALOG[root].terms if root in CATALOG else "yours" for source, root in roots.items()}
pd.DataFrame({"made of": roots, "terms": terms}).rename_axis("source").style

# %% [markdown]
# Each network below is the baseline fine-tuned with outliers of one source, as many as `size` says. They are judged by the validation distributions of section 9.3, corrupted copies of held-out inliers and noise, and afterwards tested on anomalies from
# none of these sources. One thing has to be minded before choosing: two of the validation distributions are means of two inliers, which is what the mixtures are. A source that is judged by its own kind has seen the questions. (Mixtures are made
# of the whole training set, so that held-out inliers are halves of some of them; that speaks against them at other distributions, if at all.)

# %%
state("sources")
MEANS = ["Arithmetic Mean", "Geometric Mean"]
measured = ablate(store, taught.tests, taught.recipes, seeds=seeds, progress=print)
validated = pd.concat({
    (setting, seed): validation_scores(store, recipe.with_seed(seed)).set_index("out_dist")
    for setting, recipe in taught.recipes.items() for seed in range(seeds)
}, names=["setting", "seed"])["AUROC"].unstack("out_dist")  # fmt: skip
tested, by_training = summary(measured), measured[measured["metric"] == "AUROC"].groupby(["setting", "seed"])["value"].mean()
judged = pd.DataFrame({
    "validation": validated.drop(columns=MEANS).mean(axis=1).groupby("setting").mean(),
    "with means": validated.mean(axis=1).groupby("setting").mean(),
    "test": tested["AUROC"], "± trainings": by_training.groupby("setting").std(), "test FPR95": tested["FPR95"], ERROR: tested[ERROR],
}).loc[list(taught.recipes)].dropna(axis=1)  # one training has no spread  # fmt: skip
before, judged = judged.loc["without"], judged.drop(index="without")
judged.index = pd.MultiIndex.from_tuples(map(source_of, judged.index), names=["source", "size"])
write_text(KEPT / "sources" / "values.csv", measured.to_csv(index=False))
write_text(KEPT / "sources" / "validation.csv", validated.to_csv())
write_text(ROOM / "tables" / "12_sources.csv", judged.to_csv())
print("without:", ", ".join(f"{column} {value:.1f}" for column, value in before.items()), SHORTENED)
judged.style.format("{:.1f}").highlight_max(subset=["validation", "with means", "test"], axis=0, props="font-weight: bold")

# %% [markdown]
# Mean AUROC, percent (and FPR95 and error on the test, where less is better): *validation* without the two means, *with means* with them; ± is the standard deviation over trainings, where there are several. The best AUROC of a column is bold.

# %%
figure, panels = plt.subplots(1, 2, figsize=(9.2, 3.6), sharex=True, sharey=True)
for axes, column in zip(panels, ("validation", "test"), strict=True):
    axes.axhline(before[column], color=figures.GREY, linewidth=0.9, label="without outliers")
    for source, (colour, dash, marker) in zip(largest, figures.series(), strict=False):
        axes.plot(judged[column].loc[source], dash, marker=marker, markersize=5, color=colour, label=source)
    axes.set(title=f"{column} distributions", xscale="log", xlabel="number of outliers")
    axes.set_xticks(SIZES, map(str, SIZES))
    axes.minorticks_off()
panels[0].set_ylabel("mean AUROC (percent;\nhigher = better)")
panels[1].legend(loc="center left", bbox_to_anchor=(1, 0.5))
figures.publish(figure, "12_sizes", ROOM / "figures", "Mean AUROC over the number of outliers, a line a source, on validation and on test distributions.")

# %% [markdown]
# ## 12.4 Which one?
#
# That of the best *validation*. The test only says what the choice costs.

# %%
chosen, wished, flattered = (judged[column].idxmax() for column in ("validation", "test", "with means"))
named = {key: f"{key[1]} of {key[0]}" for key in judged.index}
cost, place = judged["test"].max() - judged["test"][chosen], int(judged["test"].rank(ascending=False)[chosen])
agreement = stats.spearmanr(judged["validation"], judged["test"]).statistic
print(f"By validation distributions one would use {named[chosen]} (terms: {terms[chosen[0]]}).")
print(f"On the test sets it has an AUROC of {judged['test'][chosen]:.1f}, place {place} of {len(judged)}; the best there is "
      f"{named[wished]} with {judged['test'].max():.1f}. Rank correlation of validation and test: {agreement:.2f}.")  # fmt: skip
print("Judged by the means as well, " + (f"it would have been {named[flattered]}, at {judged['test'][flattered]:.1f}." if flattered != chosen else "the choice is the same."))
print(ledger.enter("sources", f"{len(largest)} sources of {', '.join(map(str, SIZES))} outliers on {len(set(measured['out_dist']) - {''})} test sets",
                   f"test AUROC {judged['test'][chosen]:.1f} for the choice, {named[chosen]}, {judged['test'].max():.1f} for the best, {named[wished]}", cost <= 2))  # fmt: skip

# %%
by_set = measured[measured["metric"] == "AUROC"].groupby(["out_dist", "setting"], sort=False)["value"].mean().unstack()
at_most = by_set[[setting for setting in taught.recipes if setting == "without" or source_of(setting)[1] == max(SIZES)]]
at_most.rename(columns=lambda setting: setting.removesuffix(f", {max(SIZES)}")).style.format("{:.1f}").highlight_max(axis=1, props="font-weight: bold")

# %% [markdown]
# A mean over test sets hides who is good at what; the last table has AUROC at the largest size by test set. Look whether the best source of a row is the one that resembles it: icons are drawn by the same hand as the letters of the embedded test
# set, textures share their spectrum with photographs, and a mixture of inliers lies where inliers lie. Where it is, resemblance was the teacher, and the source to take resembles as much as possible of what may come; where another one wins,
# variety counts for more, as in section 9.5. Neither is a verdict on a name.
#
# ## 12.5 Full spectrum: inliers that are only seen worse
#
# An anomaly is something of another kind. A digit in poor light is a digit, and an alarm at it is false (Yang et al. 2023 call a test with such inliers *full-spectrum*). Yet where the network no longer reads the digit, an alarm does no harm:
# somebody had better look. So each inlier is counted twice, by whether it rings and by whether it is named rightly. The threshold is set on held-out inliers, clean ones, as in section 11.6; Figure 11.3 has the same question for a detector of your own.

# %%
SHIFTS = ("gaussian-blur", "gaussian-noise", "brightness", "jpeg")
state("spectrum")
evaluation = compared.evaluation
clean = evaluation.tests.inside


def seen_worse(name, severity):
    """The inliers' test set under a corruption; at severity 0 as it is."""
    if not severity:
        return clean
    worse = corrupted(clean.examples, name, severity)
    return TestSet(f"{name} {severity}", worse.name, "", worse.fingerprint, lambda: worse.images, worse)


def alarms(asked, limit, inliers):
    """Shares in percent of inliers that ring, that ring though named rightly, that err silently, and named rightly."""
    rings, named = asked.scores(inliers) >= limit, right(asked.outputs(inliers), inliers.examples)
    counted = {"alarms": rings, "needless": rings & named, "silent errors": ~rings & ~named, "accuracy": named}
    return {name: 100 * which.mean() for name, which in counted.items()}


# %%
rows, inlier_scores = [], {}
roles = dict(zip(evaluation.quality["method"].unique(), plan.networks, strict=True))  # baseline and exposed
for (method, seed), asked in evaluation.asked.items():
    limit = threshold(asked.scores(held_out(asked.recipe, evaluation.tests.load)), FALSE_ALARM_RATE)
    for name in SHIFTS:
        for severity in (0, *SEVERITIES):
            inliers = seen_worse(name, severity)
            inlier_scores[roles[method], seed, name, severity] = asked.scores(inliers)
            rows.append({"network": roles[method], "seed": seed, "corruption": name, "severity": severity, **alarms(asked, limit.value, inliers)})
spectrum = pd.DataFrame(rows)
write_text(KEPT / "spectrum" / "alarms.csv", spectrum.to_csv(index=False))
shares = spectrum.drop(columns="seed").groupby(["corruption", "network", "severity"], sort=False).mean()
print(f"{roles[method]} network, seed {seed}: {limit}")
wide = shares.unstack("network")
wide[wide.index.isin(SEVERITIES[::2], level="severity")].style.format("{:.1f}")

# %%
figure, panels = plt.subplots(3, len(SHIFTS), figsize=(9.6, 6.4), sharex=True, sharey="row")
for column, name in zip(panels.T, SHIFTS, strict=True):
    for network, (colour, dash) in zip(roles.values(), figures.LINES, strict=False):
        rows = shares.xs((name, network), level=("corruption", "network"))
        for axes, share in zip(column, ("alarms", "needless", "accuracy"), strict=True):
            axes.plot(rows[share], color=colour, linestyle=dash, marker="o", markersize=4, label=network)
    column[0].axhline(100 * FALSE_ALARM_RATE, color=figures.GREY, linewidth=0.9, label="asked for, on clean inliers")
    column[0].set_title(name)
    column[2].set(xlabel="severity", xticks=range(len(SEVERITIES) + 1))
for axes, label in zip(panels[:, 0], ("alarms\n(percent of inliers)", "alarms at right answers\n(percent of inliers)", "accuracy (percent)"), strict=True):
    axes.set(ylabel=label, ylim=(0, None))
figure.legend(*panels[0, 0].get_legend_handles_labels(), loc="outside upper center", ncols=3)
figures.publish(figure, "12_spectrum", ROOM / "figures", "Alarms among inliers under four corruptions, those at right answers among them, and accuracy, over severity, without and with exposure.")

# %% [markdown]
# Percent of the inliers. Alarms at right answers are the *needless* ones; *silent errors* are wrong answers without an alarm. What the figure's first row has beyond the second rang at a wrong answer.

# %%
means = shares.drop(index=0, level="severity").groupby("network", sort=False).mean()
on_clean = shares.xs(0, level="severity").groupby("network", sort=False).mean()
print(f"On clean inliers {on_clean['alarms']['baseline']:.1f} % ring before exposure and {on_clean['alarms']['exposed']:.1f} % after; under corruption, mean over kinds and severities, "
      f"{means['alarms']['baseline']:.1f} % and {means['alarms']['exposed']:.1f} %. Accuracy: {on_clean['accuracy']['baseline']:.1f} and {on_clean['accuracy']['exposed']:.1f} % on clean ones, "
      f"{means['accuracy']['baseline']:.1f} and {means['accuracy']['exposed']:.1f} % under corruption.")  # fmt: skip
print(ledger.enter("spectrum", f"{', '.join(SHIFTS)} at severities 1 to {max(SEVERITIES)}",
                   f"needless alarms {means['needless']['baseline']:.1f} % before, {means['needless']['exposed']:.1f} % after; errors without an alarm "
                   f"{means['silent errors']['baseline']:.1f} % before, {means['silent errors']['exposed']:.1f} % after", means["needless"]["exposed"] <= means["needless"]["baseline"]))  # fmt: skip
most = (shares["alarms"].xs("exposed", level="network") - shares["alarms"].xs("baseline", level="network")).drop(index=0, level="severity")
(worst, severity), (least, at) = most.idxmax(), most.idxmin()
print(f"Exposure adds most alarms under {worst} of severity {severity} ({most.max():+.1f} points), and fewest under {least} of severity {at} ({most.min():+.1f}).")

# %% [markdown]
# And the detection of anomalies, when not all inliers are clean? AUROC, mean over the out-distributions, against clean inliers, and against the full spectrum, in which clean ones and those of each corruption and severity count alike:

# %%
def against(asked, inlier_sets):
    """Mean AUROC (percent) of the out-distributions against each of some sets of inlier scores."""
    outs = [asked.scores(out) for out in evaluation.tests.outs]
    return 100 * np.mean([auroc(inliers, out) for inliers in inlier_sets for out in outs])


rows, spectra = [], {}
for (method, seed), asked in evaluation.asked.items():
    sets = spectra[roles[method], seed] = [asked.scores(clean), *(scores for key, scores in inlier_scores.items() if key[:2] == (roles[method], seed) and key[3])]
    rows.append({"network": roles[method], "seed": seed, "clean inliers": against(asked, sets[:1]), "full spectrum": against(asked, sets)})
full = pd.DataFrame(rows)
write_text(KEPT / "spectrum" / "auroc.csv", full.to_csv(index=False))
aurocs = full.drop(columns="seed").groupby("network", sort=False).mean()
gained = aurocs.loc["exposed"] - aurocs.loc["baseline"]
print(f"Exposure gains {gained['clean inliers']:+.1f} points of AUROC against clean inliers, {gained['full spectrum']:+.1f} over the full spectrum; "
      f"the spectrum costs the exposed network {aurocs.loc['exposed', 'clean inliers'] - aurocs.loc['exposed', 'full spectrum']:.1f} points.")  # fmt: skip
aurocs.round(1)

# %% [markdown]
# Outlier Exposure teaches a network to doubt what it has not seen, and a blurred inlier is that, too. Whether more alarms are a fault depends on the answers at which they ring; a network that rings where it errs has learned more than its task, and one that
# rings where it is right has learned the lens. What helps against the latter are inliers under such changes in training, as *inliers* (Hendrycks and Dietterich 2019 have the corruptions), or a threshold that was set with them (exercise 3).
#
# ## 12.6 Records, and what was not run

# %%
write_record(KEPT / "sources" / "evidence.json", {"scale": SCALE, "seeds": list(range(seeds)), "runs": stamped(store, taught.recipes, seeds)})
write_record(KEPT / "spectrum" / "evidence.json", evaluation.evidence())
missing = {name: why.splitlines()[0] for name, why in evaluation.tests.missing.items()}
asked_for = {source.partition("~")[0].format(own=own, in_dist=IN_DIST) for source in SOURCES or choices.SOURCES}
print("\n".join(f"not run: {name}: {why}" for name, why in missing.items()) or "Every test set that was asked for was run.")
print("no source here, as it is not at hand, tested on or too small:", ", ".join(sorted(asked_for - set(roots.values()))) or "none")
print("not among the test sets of 12.3:", ", ".join(sorted(set(plan.out_dists) - set(taught.tests.out_dists))) or "none is left out")
ledger.save(KEPT).style.hide(axis="index")

# %% [markdown]
# ## Summary
#
# - Whether a later detector adds something to an exposed network is a question of paired differences, near and far anomalies apart; 12.2 has this build's answer.
# - Two kinds of chance stand beside each number: that of the training and that of the test images. A small interval over examples does not make one training two.
# - The paper's outliers are gone. Sources with clear terms, some of them made of nothing but a seed, can be compared without a look at any test set; 12.4 has what the choice costs here.
# - Validation distributions are a fair judge only of sources that are not made as they are.
# - An inlier that is only seen worse is no anomaly. Alarms at it are needless where the answer is right, and due where it is wrong, so that both have to be counted.
#
# ## Exercises

# %% [markdown]
# **1. The same order?** *Easy, 10 minutes.* Does the best detector without outliers stay the best with them? Give `order`, Spearman's rank correlation between the mean AUROCs of the detectors on the baseline and on the exposed network.
#
# <details><summary>Hint</summary><code>of_detectors["AUROC"].xs("mean", axis=1, level=1)</code> has a column for each network, <code>stats.spearmanr(...).statistic</code> takes two.</details>

# %% tags=["solution"]
by_network = of_detectors["AUROC"].xs("mean", axis=1, level=1)
order = stats.spearmanr(by_network["baseline"], by_network["exposed"]).statistic
print(f"rank correlation {order:.2f}; best on the baseline {by_network['baseline'].idxmax()}, on the exposed network {by_network['exposed'].idxmax()}")

# %% [markdown] tags=["solution"]
# Near 1 the detectors keep their order, near 0 a ranking of detectors without outliers says nothing about an exposed network, and below 0 it misleads. Benchmarks rank them without.

# %% tags=["check"]
check.the_same_order(order, by_network)

# %% [markdown]
# **2. Judged by its own kind.** *Easy, 10 minutes.* At the largest size, by how many points does the validation AUROC of each source rise when the two means are counted as well? Give `flattered_by`, by source. Which rises most, and why?
#
# <details><summary>Hint</summary><code>judged.xs(max(SIZES), level="size")</code> has the row of each source.</details>

# %% tags=["solution"]
at_largest = judged.xs(max(SIZES), level="size")
flattered_by = (at_largest["with means"] - at_largest["validation"]).sort_values(ascending=False)
print(", ".join(f"{source} {change:+.1f}" for source, change in flattered_by.items()))

# %% [markdown] tags=["solution"]
# A change that all sources share says only that means are easier or harder than the rest. What one source gains beyond the others, it owes to having been trained on such images.

# %% tags=["check"]
check.its_own_kind(flattered_by, judged, max(SIZES))

# %% [markdown]
# **3. A threshold for the full spectrum.** *Medium, 20 minutes.* Inliers are clean or corrupted, and you have held-out ones of each kind. Write `pooled_limit(sets, rate)`: the lowest of all their scores above which at most `rate` of the
# inliers lie, where each array of `sets` counts the same, however long it is. (Here an alarm is a score *above* the limit; that of 12.5 begins at it, and is a little higher.)
#
# <details><summary>Hint</summary>For one score, the mean over the sets of the share above it; the shares fall as the score rises.</details>

# %% tags=["solution"]
def pooled_limit(sets, rate):
    candidates = np.unique(np.concatenate(sets))
    above = np.mean([1 - np.searchsorted(np.sort(one), candidates, side="right") / len(one) for one in sets], axis=0)
    return candidates[above <= rate].min()


first = spectra["exposed", 0]  # clean ones come first
print(f"{pooled_limit(first, FALSE_ALARM_RATE):.3f} for all, {pooled_limit(first[:1], FALSE_ALARM_RATE):.3f} for clean ones")

# %% [markdown] tags=["solution"]
# The higher of the two limits buys fewer needless alarms with more anomalies that pass. (Here the test's inliers stand in for held-out ones; in earnest one corrupts those.)

# %% tags=["check"]
check.pooled(pooled_limit)

# %% [markdown]
# **4. As few as will do.** *Medium, 15 minutes.* Outliers cost labour where they have to be collected. Write `fewest(judged, within)`: of the networks whose validation AUROC is at most `within` points below the best one, the key
# (source, size) of that with the fewest outliers; of several with as few, that with the highest validation AUROC. What does it choose within one point, and what does the choice cost on the test?
#
# <details><summary>Hint</summary>Keep the rows that are good enough; then the smallest value of the level <code>size</code>; then <code>idxmax</code>.</details>

# %% tags=["solution"]
def fewest(judged, within):
    enough = judged["validation"][judged["validation"] >= judged["validation"].max() - within]
    return enough.xs(enough.index.get_level_values("size").min(), level="size", drop_level=False).idxmax()


source, size = fewest(judged, 1)
print(f"{size} of {source}: {judged['test'].max() - judged['test'][source, size]:.1f} points of test AUROC below the best")

# %% [markdown] tags=["solution"]
# Where every source rises steeply with the number, few will not do. Where one is flat, its kind matters and its number does not; compare section 9.5.

# %% tags=["check"]
check.as_few_as_will_do(fewest)

# %% [markdown]
# ## References
#
# - D. Hendrycks, M. Mazeika, T. Dietterich. *Deep Anomaly Detection with Outlier Exposure.* ICLR 2019. Section 5: which outliers.
# - M. Baradad et al. *Learning to see by looking at noise.* NeurIPS 2021. A. B. Lee, D. Mumford, J. Huang. *Occlusion models for natural images: a statistical study of a scale-invariant dead leaves model.* IJCV 2001. Dead leaves.
# - B. Galerne, Y. Gousseau, J.-M. Morel. *Random phase textures: theory and synthesis.* IEEE TIP 2011.
# - H. Zhang et al. *mixup: beyond empirical risk minimization.* ICLR 2018.
# - J. Yang, K. Zhou, Z. Liu. *Full-spectrum out-of-distribution detection.* IJCV 2023.
# - D. Hendrycks, T. Dietterich. *Benchmarking neural network robustness to common corruptions and perturbations.* ICLR 2019.
#
# The detectors of 12.1:
#
# - D. Hendrycks, K. Gimpel. *A baseline for detecting misclassified and out-of-distribution examples in neural networks.* ICLR 2017. MSP.
# - K. Lee et al. *A simple unified framework for detecting out-of-distribution samples and adversarial attacks.* NeurIPS 2018. Mahalanobis.
# - S. Liang et al. *Enhancing the reliability of out-of-distribution image detection in neural networks.* ICLR 2018. ODIN.
# - W. Liu et al. *Energy-based out-of-distribution detection.* NeurIPS 2020. Energy.
# - J. Ren et al. *A simple fix to Mahalanobis distance for improving near-OOD detection.* arXiv 2021. Relative Mahalanobis.
# - R. Chan et al. *Entropy maximization and meta classification for out-of-distribution detection in semantic segmentation.* ICCV 2021. Entropy.
# - R. Huang et al. *On the importance of gradients for detecting distributional shifts in the wild.* NeurIPS 2021. GradNorm.
# - V. Sehwag et al. *SSD: a unified framework for self-supervised outlier detection.* ICLR 2021. SSD.
# - Y. Sun et al. *ReAct: out-of-distribution detection with rectified activations.* NeurIPS 2021. ReAct.
# - D. Hendrycks et al. *Scaling out-of-distribution detection for real-world settings.* ICML 2022. Max logit, KL matching.
# - H. Wang et al. *ViM: out-of-distribution with virtual-logit matching.* CVPR 2022. ViM, Residual.
# - Y. Sun et al. *Out-of-distribution detection with deep nearest neighbors.* ICML 2022. k-NN.
# - Y. Sun, Y. Li. *DICE: leveraging sparsification for out-of-distribution detection.* ECCV 2022. DICE.
# - A. Djurisic et al. *Extremely simple activation shaping for out-of-distribution detection.* ICLR 2023. ASH-P, ASH-B, ASH-S.
# - J. Park et al. *Nearest neighbor guidance for out-of-distribution detection.* ICCV 2023. NNGuide.
# - J. Zhang et al. *Out-of-distribution detection based on in-distribution data patterns memorization with modern Hopfield energy.* ICLR 2023. SHE.
# - X. Liu et al. *GEN: pushing the limits of softmax-based out-of-distribution detection.* CVPR 2023. GEN.
# - K. Xu et al. *Scaling for training time and post-hoc out-of-distribution detection enhancement.* ICLR 2024. SCALE.
# - L. Liu, Y. Qin. *Fast decision boundary based out-of-distribution detector.* ICML 2024. fDBD.
# - M. Ben Ammar et al. *NECO: neural collapse based out-of-distribution detection.* ICLR 2024. NECO.
# - M. Mueller, M. Hein. *Mahalanobis++: improving OOD detection via feature normalization.* ICML 2025. Mahalanobis++.
