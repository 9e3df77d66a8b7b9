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
# # 11. Your data: an alarm of your own
#
# > You have a folder of pictures or a table of texts, and no anomaly yet: what does it take to ring an alarm that you can answer for?
#
# **You will learn**
#
# - to go from a folder to a running alarm in five lines, and with the command `oe`;
# - to choose outliers for your own problem, and to notice when a detector has learned the files instead of the pictures;
# - what a rate of false alarms promises, and to choose it by what a miss and a false alarm cost;
# - what the alarm does when the light, the lens or the camera changes.
#
# Needed: chapters 0 and 1. No GPU; at the scale `demo` no download. To learn from a folder of your own: `make book CHAPTER=11_your_data PARAMS="-p IN_DIST /path/to/products -p OUTLIERS /path/to/other-things,photo-china"`.

# %% tags=["parameters"]
SCALE = "demo"
IN_DIST = ""  # a folder of class folders with pictures, or the name of a set; empty: the scale's
OUTLIERS: list[str] = []  # folders, names of sets, or kinds of noise to try as outliers; empty: the scale's
ANOMALIES: list[str] = []  # folders or names of sets that should ring; empty: the scale's
TEXTS = ""  # a .tsv (label<TAB>text in each line), or the name of a set; empty: the scale's
FALSE_ALARM_RATE = 0.05  # share of the inliers that may ring
COST_OF_A_MISS = 20.0  # in false alarms
STEPS: int | None = None  # of each training; None: as many as follow from the data

# %% tags=["checks"]
from pathlib import Path

from oe_core import ArgumentError, check_counts, check_lists, check_numbers, check_scale, load_images
from oe_core.data import sources
from oe_core.data.anomalies import ANOMALIES as NOISES
from oe_core.data.folders import class_folders, training_part
from oe_core.detector.given import given, looked_at
from oe_core.detector.threshold import check_rate

# aside: classes that are not learned and serve as anomalies of which the detector knows nothing.
EMBEDDED = {"in_dist": "digits", "aside": ("8", "9"), "outliers": ["photo-china", "font-letters", "gaussian"], "anomalies": ["photo-flower", "font-letters"],
            "texts": "docstrings", "text_outliers": "docstrings-stdlib", "text_anomalies": ["docstrings-networkx", "python-code"]}  # fmt: skip
REAL = {"in_dist": "intel-scenes", "aside": ("street",), "texts": "trec", "text_outliers": "wikitext-2",
        "outliers": ["photo-china", "tiny-imagenet-32-no-cifar10", "textures"],
        "anomalies": ["lsun-categories", "textures", "icons"], "text_anomalies": ["sst", "snli"]}  # fmt: skip


def splits_of(name, of=sources.IMAGES):
    """Those of the splits train and test that a set of the book has on this machine."""
    return [split for split in ("train", "test") if of.available(name, split)]


def at_hand(name, of=sources.IMAGES):
    return bool(splits_of(name, of)) or (of is sources.IMAGES and name in NOISES) or Path(name).exists()


check_counts(STEPS=STEPS)
check_lists(OUTLIERS=OUTLIERS, ANOMALIES=ANOMALIES)
check_rate(FALSE_ALARM_RATE)
check_numbers(above=0, COST_OF_A_MISS=COST_OF_A_MISS)  # how many false alarms one miss is worth
named = {"IN_DIST": [IN_DIST], "OUTLIERS": OUTLIERS, "ANOMALIES": ANOMALIES, "TEXTS": [TEXTS]}
for argument, name in ((argument, name) for argument, names in named.items() for name in names if name):
    of = sources.TEXTS if argument == "TEXTS" else sources.IMAGES
    if not at_hand(name, of):
        raise ArgumentError(f"{argument}: {name!r} is no path to anything, and no set at hand; write a whole path, or one of {', '.join(one for one in of.known_names() if at_hand(one, of))}")
    if Path(name).exists() and ((found := given(Path(name), argument)).kind == "text") != (argument == "TEXTS"):
        raise ArgumentError(f"{argument}: {name} holds {found.kind}")
if IN_DIST:
    classes = class_folders(training_part(Path(IN_DIST)) or Path(IN_DIST)) if Path(IN_DIST).is_dir() else load_images(IN_DIST, "train", 16).classes
    if len(classes) < 2:
        raise ArgumentError(f"IN_DIST={IN_DIST!r} has {len(classes)} class(es); a detector learns by telling at least two apart, each with a folder of its own")
wanted = REAL if check_scale(SCALE) in ("course", "paper") else EMBEDDED
if (ANOMALIES or IN_DIST) and set(ANOMALIES or wanted["anomalies"]) <= set(OUTLIERS or wanted["outliers"]):
    raise ArgumentError(f"ANOMALIES={ANOMALIES or wanted['anomalies']} are all among the outliers; one at least has to be new to every detector")
# No `trainings` for `make runs`: a detector's data are files, and it is trained in OE_RUNS/own, as from a shell.

# %%
import os
import shlex
import shutil
import subprocess
import sys
from dataclasses import replace

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import torch
from exercises import ch11_your_data as check
from PIL import Image
from scipy import stats

from oe_core import Store, data_root, detection_metrics, figures, load_texts, runs_root
from oe_core.atomic import write_text
from oe_core.data.anomalies import anomalies as noise
from oe_core.data.corruptions import SEVERITIES, corrupted
from oe_core.data.examples import ImageSet
from oe_core.data.folders import pictures_below
from oe_core.detector.anomalies import synthetic
from oe_core.detector.asking import image_chunks
from oe_core.detector.settings import pixels
from oe_core.detector.threshold import least, threshold
from oe_core.detector.traces import stored_like
from oe_core.parts import limited

plt.rcParams.update(figures.STYLE)
ROOM = runs_root() / SCALE
OWN = ROOM / "own"  # what a user would have: pictures, texts, detectors
settings = {"steps": STEPS or 60} if STEPS or SCALE == "smoke" else {}

# %% [markdown]
# ## 11.1 A folder
#
# A detector learns from pictures in class folders, the way most people keep them. Where you name none, the next cells write a set of the book as picture files, without some of its classes, which nobody will mention to the detector.

# %%
def write_pictures(images, folder):
    """Every picture as a file in the folder of its class, in place of those of an earlier build."""
    shutil.rmtree(folder, ignore_errors=True)
    for number, (image, label) in enumerate(zip(images.images, images.labels, strict=True)):
        path = folder / images.classes[label] / f"{number:05}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image.permute(1, 2, 0).numpy()).save(path)
    return folder


def written(name, aside, side):
    """Folders of a set of the book with `train` and `test`, and of its test pictures of the classes aside."""
    for split in ("train", "test"):
        images = load_images(name, split, side)
        apart = torch.isin(images.labels, torch.tensor([images.classes.index(one) for one in aside]))
        write_pictures(images.take((~apart).nonzero()[:, 0]), OWN / name / split)
    return OWN / name, write_pictures(images.take(apart.nonzero()[:, 0]), OWN / "unplanned")


def folder_of(name):
    """A folder of pictures: what lies at the path `name`, or noise or a set of the book, written as files."""
    if Path(name).exists():
        return Path(name).resolve()
    if name in NOISES:
        drawn = (255 * noise(name, MOST, SIDE, signed=False, seed=1)).round().to(torch.uint8)
        images = ImageSet(name, drawn, torch.zeros(MOST, dtype=torch.int64), (name,), "generated")
    else:
        images = limited(load_images(name, splits_of(name)[-1], SIDE), MOST)
    return write_pictures(images, OWN / "sets" / name)

# %%
MOST, QUALITY = 2000, 10  # pictures of a set that are written; of the JPEG files of 11.5
usual = wanted if at_hand(wanted["in_dist"]) else EMBEDDED
if IN_DIST and Path(IN_DIST).is_dir():
    FOLDER, yours = Path(IN_DIST).resolve(), {}
else:
    aside, side = () if IN_DIST else usual["aside"], 16 if usual is EMBEDDED else 32
    FOLDER, unplanned = written(IN_DIST or usual["in_dist"], aside, side)
    yours = {"unplanned": unplanned} if aside else {}
SIDE = pixels(given(FOLDER, "IN_DIST").files.side)  # at which a network sees them
yours |= {Path(name).name: folder_of(name) for name in ANOMALIES or filter(at_hand, usual["anomalies"])}
# `fit` takes the names of sets that have a training part, which may be large, as they stand.
outlier_sets = {Path(name).name: name if "train" in splits_of(name) else str(folder_of(name))
                for name in OUTLIERS or filter(at_hand, usual["outliers"])}  # fmt: skip
first, outliers = next(iter(outlier_sets.items()))

# %%
LEARNED = training_part(FOLDER) or FOLDER
paths = pictures_below(LEARNED)
labels = [path.relative_to(LEARNED).parts[0] for path in paths]  # the class folder of each
print(f"{FOLDER.name}: {len(paths)} pictures to learn from, such as {paths[0].relative_to(FOLDER)}")
pd.Series(labels).value_counts(sort=False).to_frame("pictures").T

# %% [markdown]
# ## 11.2 Five lines
#
# Outliers are pictures of anything else. Without any of your own, the patches of a photograph that comes with scikit-learn serve.

# %%
from oe_core import Detector

detector = Detector.fit(FOLDER, outliers=outliers, **settings)
print(*detector.findings, detector.set_threshold(FALSE_ALARM_RATE), sep="\n")
detector.save(OWN / "first.oe")
predictions = Detector.load(OWN / "first.oe").predict([paths[0], paths[-1]])

# %%
pd.DataFrame(predictions).assign(path=[os.path.relpath(one.path, FOLDER) for one in predictions])

# %% [markdown]
# Read the findings before anything else. A part of the pictures was **held out**: nothing was trained on it, and this chapter rests on it. The first line has the accuracy beside that of always guessing the most frequent class; a classifier
# that guesses is no detector either. The others ask whether the outliers were learned, whether the files gave them away, whether the loss fell, and whether a picture plays two roles. What does not hold is said with what to do about it.
#
# The settings (a small network, its size, how many steps) follow from how many pictures there are, and can be named: `Detector.fit(folder, steps=2000, size=64, flip=True)`. They stand in `detector.recipe`. A score is minus the probability
# of the likeliest class, from $-1$ (certain) up to $-1/k$ (undecided between $k$ classes).
#
# ## 11.3 The command
#
# The same without Python: `oe` is a command of the shell. What follows are real calls. Training takes no time, as the same training was found; the detector is a folder of weights and a readable card. Scores are cut to four decimals here; the command gives all digits.

# %%
def oe(*words, lines=7):
    """Run the command `oe` in the folder OWN, a process of its own, show its first lines, and return all of them."""
    print("$ oe", shlex.join(words))
    places = {"OE_RUNS": str(runs_root()), "OE_DATA": str(data_root())}  # wherever it is started
    done = subprocess.run([sys.executable, "-m", "oe_core.cli", *words], cwd=OWN, env=os.environ | places,
                          capture_output=True, text=True, encoding="utf-8")  # fmt: skip
    said = (done.stderr + done.stdout).splitlines()
    print(*pd.Series(said[:lines]).replace(r"(\.\d{4})\d{5,}", r"\1", regex=True), f"({len(said)} lines, exit status {done.returncode})\n", sep="\n")
    return done.stdout


changed = [word for name, value in settings.items() for word in ("--set", f"{name}={value}")]
oe("train", os.path.relpath(FOLDER, OWN), "--outliers", outliers, "-o", "shell.oe", "--false-alarm-rate", f"{FALSE_ALARM_RATE}", *changed)
verdicts = oe("detect", "shell.oe", os.path.relpath(next(iter(yours.values())), OWN), "--exit-code")
print(f"{verdicts.count(',anomaly')} of {len(verdicts.splitlines()) - 1} pictures ring")

# %% [markdown]
# Put the last call into the script that ships, and `--exit-code` makes it stop at an anomaly. `oe detect shell.oe -` reads paths from a pipe for as long as it is open, and `oe evaluate` does what comes next.
#
# ## 11.4 Which outliers?
#
# No anomaly is known, so that outliers are a guess about what is *not* yours. Guesses of different kinds are tried, beside the same network trained as long without outliers. All of them are measured on the same anomalies: **yours**, of which the detectors know
# nothing; **near** ones, made of your own held-out pictures by mixing, shuffling and distorting them; **far** ones, noise.

# %%
def without_outliers(detector):
    """The same network, trained as long on the same inliers and on nothing else."""
    recipe = replace(detector.recipe, name=f"{detector.recipe.name}-baseline", outliers=None, outlier_limit=None)
    run = Store(runs_root() / "own").run(recipe, load=lambda *_: detector.data.inliers)
    baseline = Detector.of_run(run, detector.data.inliers, detector.data.held_out)
    baseline.data = detector.data
    baseline.set_threshold(FALSE_ALARM_RATE)
    return baseline


baseline = without_outliers(detector)
tried = {"none": baseline, first: detector}
for name in list(outlier_sets)[1:]:
    tried[name] = Detector.fit(FOLDER, outlier_sets[name], false_alarm_rate=FALSE_ALARM_RATE, **settings)
yours = {name: np.concatenate([part.images for _, part in image_chunks(folder, SIDE)]).transpose(0, 2, 3, 1) for name, folder in yours.items()}


def measured(detector, yours, shown):
    """FPR95 and AUROC (percent) on yours and on anomalies made of held-out inliers, but for those `shown` in training."""
    sets = [*(("yours", *one) for one in yours.items()), *synthetic(detector.data.held_out)]
    found = {(group, name): detection_metrics(detector.held_out_scores, detector.score(asked))
             for group, name, asked in sets if name != shown}  # fmt: skip
    return 100 * pd.DataFrame(found).T[["FPR95", "AUROC"]]


def compared(detectors, yours):
    """What each detector measures, side by side: a row a set of anomalies."""
    frames = {name: measured(one, yours, name) for name, one in detectors.items()}
    table = pd.concat(frames, axis=1).swaplevel(axis=1)[["FPR95", "AUROC"]]
    table = table.reindex(frames["none"].loc[["yours", "near", "far"]].index)
    return table.rename_axis(["anomalies", "set"]).rename_axis(["metric", "outliers"], axis=1)


table = compared(tried, yours)
write_text(ROOM / "tables" / "11_outliers.csv", table.to_csv())
table.style.format("{:.1f}", na_rep="-").highlight_max(subset=["AUROC"], axis=1, props="font-weight: bold")

# %% [markdown]
# Percent; FPR95 should be low, AUROC high (the best of a row is bold, of equals all), and a dash stands where the anomalies are the outliers themselves. What each one catches:

# %%
areas = table["AUROC"].droplevel("anomalies")
pd.DataFrame({f"best in (of {len(areas)} sets)": areas.eq(areas.max(axis=1), axis=0).sum(),
              "lowest AUROC": areas.min(), "on": areas.idxmin(), "highest": areas.max(), "on ": areas.idxmax()}).round(1)  # fmt: skip

# %% [markdown]
# Which one to take? Not the one that is best on the anomalies that it will be judged by. The paper's section 4.3 chooses the weight $\lambda$ by corrupted copies of inliers (its appendix A), which anybody has. So we choose the outliers: by the mean AUROC over the **near** rows. **Yours** are then a test.

# %%
means = table["AUROC"].groupby(level="anomalies").mean()
chosen = means.loc["near"].drop("none").idxmax()
print(f"chosen by near anomalies: {chosen}, mean AUROC {means.loc['near', chosen]:.1f} (none: {means.loc['near', 'none']:.1f})")
order = table["AUROC"].loc["yours"].dropna().mean().sort_values(ascending=False)
print("yours, mean over the sets that all were asked about:", ", ".join(f"{name} {area:.1f}" for name, area in order.items()))
rank = "also the best there" if order.index[0] == chosen else f"not the best there ({order.index[0]} is)"
print(f"The choice is {rank}, and exposure {'gains' if order[chosen] > order['none'] else 'does not gain'} over none.")
detector = tried[chosen]

# %% [markdown]
# Each of them is one training; another (`seed=1`) may choose otherwise, most where two means are close. What is made can only stand in: where the choice is not the best on yours, a few real anomalies, kept apart for choosing, say more than many made ones. What to look for in a source: many kinds of things; the look of your pictures
# (background, size, colours, files) without their content, so that there is no cheap way to tell them; and none of your own classes, which the network would learn to doubt. Chapter 9 tests such choices on CIFAR-10. Here are the
# anomalies of yours that the chosen detector doubts least. Above each stand the class that it was taken for and its score.

# %%
asked_about = {name: asked for name, asked in yours.items() if name != chosen}
report = replace(detector, data=None).evaluate(asked_about)
figures.publish(report.sheet(), "11_misses", ROOM / "figures", "The anomalies that the detector doubts least, with the class it takes them for and their score; those marked as ringing are caught all the same.")
report.table[["set", "anomalies", "AUROC", "AUROC_low", "AUROC_high", "caught"]].round(1)

# %% [markdown]
# `evaluate` gives each metric with its bootstrap interval, and `caught`, the share that rings at the threshold.
#
# ## 11.5 The trap of the codec
#
# Suppose that the pictures come as PNG, and that what somebody collected as "other" comes as JPEG. Then there are two ways to tell them, and a network may take the cheaper one. To see how far that goes, let content say nothing at all: some
# of the pictures are learned as they are, and *others of the same folder* are saved as JPEG and called outliers. Then inliers that no detector has seen are saved as JPEG, too, and asked about.

# %%
archive, step = OWN / "archive", max(2, len(paths) // MOST)
shutil.rmtree(archive, ignore_errors=True)
archive.mkdir(parents=True)
for number, path in enumerate(paths[1::step]):
    Image.open(path).convert("RGB").save(archive / f"{number:05}.jpg", quality=QUALITY)
trap = Detector.fit(paths[::step], archive, labels=labels[::step], false_alarm_rate=FALSE_ALARM_RATE, **settings)
print("what holds:", *[finding for finding in trap.findings if finding.holds], sep="\n")

# %%
as_jpeg = looked_at(sorted(archive.iterdir()))
alarms = pd.DataFrame({
    name: {how: 100 * np.mean(one.score(images) >= one.threshold.value)
           for how, images in (("as they are", one.data.held_out), ("as JPEG", stored_like(one.data.held_out, as_jpeg)))}
    for name, one in {"trapped": trap, f"outliers: {chosen}": detector}.items()
})  # fmt: skip
warned = next(not finding.holds for finding in trap.findings if finding.check == "files")
trapped, other = alarms.diff().iloc[-1]
print(f"Saving inliers as JPEG moves the trapped detector's false alarms by {trapped:+.1f} points, the chosen one's by "
      f"{other:+.1f}.\nThe finding `files` {'gave warning' if warned else 'let the trap pass'}.")  # fmt: skip
alarms.rename_axis("held-out inliers that ring (percent)").round(1)

# %% [markdown]
# A detector of files rings for what another program has saved, and is silent about whatever comes in the right format. `fit` looks for it by storing each side as the other one is. Exercise 3 has the cure.
#
# ## 11.6 The threshold, and what its interval means
#
# The threshold is the score of a held-out inlier: of $n$ of them, the $k$-th highest with $k = \lfloor \alpha (n + 1) \rfloor$, where $\alpha$ is the rate asked for, and an alarm is what lies above it by more than rounding. By hand:

# %%
held_out, n = np.sort(detector.held_out_scores), len(detector.held_out_scores)
k = int(FALSE_ALARM_RATE * (n + 1) + 1e-9)  # 0.29 * 100 is a little less than 29
low, high = stats.beta.interval(0.95, k, n + 1 - k)  # of the true rate, chapter 1
assert detector.threshold.value == held_out[-k] + 1e-5  # what is no further apart is the same score, rounded otherwise
assert np.allclose(detector.threshold.interval, (low, high))
print(detector.threshold)

# %% [markdown]
# The interval says (Figure 1.7 shows where it comes from): had other inliers been held out, the threshold would be another one, and 95 % of such thresholds have a true rate between its ends. It is no promise of the rate asked for. (These inliers also helped to choose the outliers in 11.4, so that it is a little too kind.) Is it kept by **fresh** inliers, on which
# neither network nor threshold depends? Of $m$ of them a share rings that scatters around the true rate, and so a little wider (a beta-binomial distribution, columns **fresh**):

# %%
if LEARNED != FOLDER and (FOLDER / "test").is_dir():
    fresh = given(FOLDER / "test", "IN_DIST").load(FOLDER.name, detector.recipe.size)
else:
    fresh = detector.data.held_out
    print("The folder has no parts train and test, so that the held-out pictures stand in: they set the threshold, and keep the rate.")
fresh_scores, rows = detector.score(fresh), []
for rate in sorted({0.001, 0.01, 0.05, 0.1, FALSE_ALARM_RATE}):
    try:
        limit = threshold(detector.held_out_scores, rate)
    except ValueError as refusal:
        print(refusal)
        continue
    k = int(rate * (n + 1) + 1e-9)
    shares = np.array(stats.betabinom.interval(0.95, len(fresh), k, n + 1 - k)) / len(fresh)
    rows.append([rate, *limit.interval, *shares, np.mean(fresh_scores >= limit.value)])
rates = 100 * pd.DataFrame(rows, columns=["asked for", "true, from", "to", "fresh, from", "to ", "fresh that ring"])
write_text(ROOM / "tables" / "11_threshold.csv", rates.to_csv(index=False))
kept = rates["fresh that ring"].between(rates["fresh, from"], rates["to "])
print(f"Percent. Of {len(fresh)} fresh inliers, the share that rings lies where it should for {kept.sum()} of {len(rates)} rates.")
rates.style.format("{:.2f}").hide(axis="index")

# %% [markdown]
# A rate that is too small for the number of held-out inliers is refused, with the number that it takes. That is the price of rare false alarms: examples, not cleverness.
#
# ## 11.7 What a miss costs, and what a false alarm costs
#
# Five percent is a habit. Let one in $r$ examples be an anomaly, $\pi = 1 / r$, and let a miss cost as much as $c$ false alarms. With inliers $x$, anomalies $x'$ and the threshold $\tau$, an example costs on average
#
# $$C(\tau) = \pi\, c\, P\big(s(x') < \tau\big) + (1 - \pi)\, P\big(s(x) \ge \tau\big).$$
#
# A detector that never rings costs $\pi c$. What it is worth to have one is the cost in shares of that: below 1, it pays.

# %%
def relative_costs(in_scores, out_scores, base_rate):
    """Rate of false alarms, and expected cost in shares of what never ringing costs, for every threshold."""
    thresholds = np.append(np.nextafter(np.unique(in_scores)[::-1], np.inf), -np.inf)  # at the first, no inlier rings
    false_alarms = np.array([np.mean(in_scores >= threshold) for threshold in thresholds])
    missed = np.array([np.mean(out_scores < threshold) for threshold in thresholds])
    return false_alarms, missed + (1 - base_rate) / (base_rate * COST_OF_A_MISS) * false_alarms


hard = table["AUROC"].loc["yours"].loc[list(asked_about), chosen].idxmin()
hard_scores = detector.score(asked_about[hard])
figure, axes = plt.subplots(figsize=(6.4, 3.6))
for ratio, (colour, dash) in zip((10, 100, 1000), figures.LINES, strict=False):
    false_alarms, costs = relative_costs(fresh_scores, hard_scores, 1 / ratio)
    axes.plot(100 * false_alarms, costs, color=colour, linestyle=dash, label=f"1 anomaly in {ratio}")
    cheapest, at_rate = costs.argmin(), costs[np.searchsorted(false_alarms, FALSE_ALARM_RATE)]
    axes.plot(100 * false_alarms[cheapest], costs[cheapest], "o", color=colour)
    print(f"1 in {ratio}: cheapest at {100 * false_alarms[cheapest]:.1f} % false alarms, for {costs[cheapest]:.2f} of the cost of "
          f"never ringing; at {100 * FALSE_ALARM_RATE:g} % {at_rate:.2f}")  # fmt: skip
axes.axhline(1, color=figures.GREY, linewidth=0.9, label="never ringing")
axes.axvline(100 * FALSE_ALARM_RATE, color=figures.GREY, linewidth=0.9, linestyle=":", label="the rate asked for")
axes.set(xscale="symlog", xlim=(0, 100), ylim=(0, 3), xlabel="false alarms (percent of the inliers)", ylabel="expected cost, in shares\nof never ringing")  # fmt: skip
axes.set_xticks([0, 1, 10, 100], ["0", "1", "10", "100"])
axes.legend(loc="center left", bbox_to_anchor=(1, 0.5))
figures.publish(figure, "11_costs", ROOM / "figures", f"What misses and false alarms cost over the rate of false alarms, for anomalies of different rarity; a miss costs as much as {COST_OF_A_MISS:g} false alarms.")

# %% [markdown]
# The anomalies are the set of yours that the detector finds hardest; a dot is the cheapest threshold. The rarer an anomaly, the fewer false alarms it can pay for, and a line that stays near 1 or above it belongs to an alarm that is not worth
# ringing. (Its left end, where not one fresh inlier rings, lies at or below 1 for a useless detector, too.) Two numbers that no data set holds decide, $\pi$ and $c$. (The dots were chosen by the very anomalies that they are judged by, so that they flatter; with few fresh inliers the left end is coarse.)
#
# ## 11.8 Drift
#
# The interval holds for inliers like those that were held out. The lamp gets older, dust gathers on the lens, the camera is replaced: the same things, seen worse. `corrupted` does it at five severities, with the constants of CIFAR-10-C;
# `another-camera` is a colour cast, a coarser sensor and a stronger compression at once.

# %%
DRIFTS = ("brightness", "gaussian-blur", "gaussian-noise", "another-camera")


def answered(detector, images):
    """Shares, in percent, of inliers that ring and of inliers whose class is named rightly."""
    found = pd.DataFrame(detector.predict(images))
    right = found["class_name"] == [images.classes[label] for label in images.labels]
    return {"rings": 100 * (found["verdict"] == "anomaly").mean(), "right": 100 * right.mean()}


networks = {"without outliers": baseline, f"outliers: {chosen}": detector}
rows = [{"drift": name, "severity": severity, "network": network, **answered(one, images)}
        for name in DRIFTS for severity in (0, *SEVERITIES)
        for images in [corrupted(fresh, name, severity) if severity else fresh] for network, one in networks.items()]  # fmt: skip
drift = pd.DataFrame(rows).set_index(["drift", "network", "severity"])
usual_share = rates.set_index("asked for").loc[100 * FALSE_ALARM_RATE, ["fresh, from", "to "]]
chance = 100 * fresh.labels.bincount().max().item() / len(fresh)

# %%
write_text(ROOM / "tables" / "11_drift.csv", drift.to_csv())
figure, panels = plt.subplots(2, len(DRIFTS), figsize=(9.6, 4.8), sharex=True, sharey="row")
for column, name in zip(panels.T, DRIFTS, strict=True):
    for (network, _), (colour, dash) in zip(networks.items(), figures.LINES, strict=False):
        for axes, share in zip(column, ("rings", "right"), strict=True):
            axes.plot(drift[share].xs((name, network), level=(0, 1)), color=colour, linestyle=dash, marker="o", markersize=4, label=network)
    column[0].axhspan(*usual_share, color=figures.GREY, alpha=0.25, linewidth=0, label="95 % interval without drift")
    column[1].axhline(chance, color=figures.GREY, linewidth=0.9)
    column[0].set_title(name)
    column[1].set(xlabel="severity", xticks=range(6), ylim=(0, 103))
panels[0, 0].set(ylabel="false alarms (percent)", ylim=(0, None))
panels[1, 0].set_ylabel("accuracy (percent;\nline: chance)")
figure.legend(*panels[0, 0].get_legend_handles_labels(), loc="outside upper center", ncols=3)
figures.publish(figure, "11_drift", ROOM / "figures", "False alarms and accuracy under four kinds of drift, over their severity, without and with exposure.")

# %%
def verdict(part):
    """What a drift does at its strongest. part: rows of severity 0 to 5."""
    rings, falls = part["rings"].to_numpy() > usual_share.iloc[1], part["right"].iloc[0] - part["right"].iloc[-1] > 5
    word = ("needed" if falls else "needless") if rings[-1] else ("silent" if falls else "unmoved")
    beyond = f"severity {rings.argmax()}" if rings.any() else "never"
    change = {share: f"{part[share].iloc[0]:.0f} -> {part[share].iloc[-1]:.0f}" for share in ("rings", "right")}
    return pd.Series({"alarm": word, "false alarms": change["rings"], "beyond from": beyond, "accuracy": change["right"]})


print(f"percent; accuracy by chance: {chance:.0f}")
drift.groupby(level=["drift", "network"], sort=False).apply(verdict)

# %% [markdown]
# From severity 0 to 5; *beyond from* is the first one at which the rate lies above its interval. An alarm is *needed* where accuracy falls (by more than five points, here) and the rate is above its interval at the end. It is *needless* where the rate is and accuracy
# stays; a new threshold, from inliers of the new camera, is the cure. It is *silent* where accuracy falls and the rate is not above, the worst of all, and *unmoved* where neither happens. Outliers may make a network more careful about drift, too: a gain where alarms are needed, and none where they are not.
#
# ## 11.9 Texts
#
# The same lines. A table holds a label, a tab and a text in each line; outliers are sentences of anything else.

# %%
usual_texts = wanted if at_hand(wanted["texts"], sources.TEXTS) else EMBEDDED
if TEXTS and Path(TEXTS).exists():
    TABLE = Path(TEXTS).resolve()
else:
    TABLE = OWN / f"{TEXTS or usual_texts['texts']}.tsv"
    texts = limited(load_texts(TABLE.name.removesuffix(".tsv"), "train"), 2000 if SCALE in ("smoke", "demo") else None)
    lines = [f"{texts.classes[label]}\t{text}\n" for label, text in zip(texts.labels, texts.texts, strict=True)]
    write_text(TABLE, "".join(lines))
reader = Detector.fit(TABLE, outliers=usual_texts["text_outliers"], **settings)
print(*reader.findings, reader.set_threshold(FALSE_ALARM_RATE), sep="\n")
sentences = ["how do I get there ?", "the cat sat on the mat", "qzx vvv 17 :: xx"]
pd.DataFrame(reader.predict(sentences)).assign(path=sentences).rename(columns={"path": "text"})

# %% [markdown]
# Look at the accuracy first: the nearer it is to guessing, the less can be read off a confidence. And three sentences are no test; here is one:

# %%
of_texts = {"none": without_outliers(reader), usual_texts["text_outliers"]: reader}
asked_texts = {name: load_texts(name, "test") for name in usual_texts["text_anomalies"] if at_hand(name, sources.TEXTS)}
text_table = compared(of_texts, asked_texts)
write_text(ROOM / "tables" / "11_texts.csv", text_table.to_csv())
gains = text_table["AUROC"].diff(axis=1).iloc[:, -1]
print(f"Exposure gains AUROC in {(gains > 0).sum()} of {len(gains)} sets, most on {gains.idxmax()[1]} ({gains.max():+.1f}), least on {gains.idxmin()[1]} ({gains.min():+.1f}).")
text_table.style.format("{:.1f}").highlight_max(subset=["AUROC"], axis=1, props="font-weight: bold")

# %% [markdown]
# Look at *words in another order*: where the AUROC is near 50 there, texts in another order are not more anomalous to the detector as a group. The trap of 11.5 has its twin in lengths, about which the finding `files` is here.
#
# ## 11.10 What was not run

# %%
lacking = [name for role, names in wanted.items() if role != "aside" for name in np.atleast_1d(names)
           if not at_hand(name, sources.TEXTS if role.startswith("text") else sources.IMAGES)]  # fmt: skip
instead = "; what comes with the packages took the place of what is learned" if wanted["in_dist"] in lacking else ""
print(f"Not at hand: {', '.join(lacking)}{instead}." if lacking else "Everything that was asked for was run.")

# %% [markdown]
# ## Summary
#
# - Five lines, or `oe train` and `oe detect`, lead from a folder to an alarm. The findings say whether it can be believed.
# - Outliers are chosen, by anomalies that are made of your own pictures; those that you know are kept for the test.
# - What a file betrays may be learned in place of its content. Bring both sides through one pipeline, once more saved or not at all; the finding `files` looks for the rest.
# - The threshold is a matter of two costs and of how rare anomalies are. Where they are rare enough, the best alarm may be none.
# - A rate of false alarms comes with an interval, and the interval with a condition: inliers like those held out. Under drift an alarm may be needed, needless or silent; the share of alarms in a day shows the first two, and only labels the third.
#
# ## Exercises

# %% [markdown]
# **1. A class that you forgot.** *Easy, 10 minutes.* Train a detector like `detector`, chosen in 11.4, without one of your classes (of three or more) and ask it about that class: `evaluate` does it; which argument? Keep its table as `left_out`, and give as a list `easier` the **near** anomalies of 11.4 on which `detector` has a higher AUROC than the other one has on the forgotten class.
#
# <details><summary>Hint</summary><code>help(Detector.evaluate)</code>; the row of a forgotten class ends in "left out". <code>table["AUROC"][chosen]["near"]</code> are the others.</details>

# %% tags=["solution"]
left_out = detector.evaluate(left_out=1).table
forgotten, near = left_out[left_out["set"].str.endswith("left out")], table["AUROC"][chosen]["near"]
easier = near.index[near > forgotten["AUROC"].max()].tolist()
print(f"caught more easily than the forgotten class: {len(easier)} of {len(near)} near anomalies")
forgotten[["set", "AUROC", "AUROC_low", "AUROC_high", "caught"]].round(1)

# %% [markdown] tags=["solution"]
# `left_out=1` (the default is 3) trains another detector without that class: the most honest stand-in for the class that nobody thought of.

# %% tags=["check"]
check.forgotten(left_out, easier, table["AUROC"][chosen], detector.classes)

# %% [markdown]
# **2. How many pictures for one in a thousand?** *Easy, 10 minutes.* How many held-out inliers does a rate of 0.1 % take, `at_least`? What is the fewest, `enough`, so that with these, or any more, the 95 % interval ends within twice the rate?
#
# <details><summary>Hint</summary>As in 11.6: k is a whole number, and <code>stats.beta.ppf(0.975, k, n + 1 - k)</code> is the upper end, of whole arrays, too. Draw it over n.</details>

# %% tags=["solution"]
rate, counts = 0.001, np.arange(least(0.001), 20_000)
ranks = (rate * (counts + 1) + 1e-9).astype(int)
ends = stats.beta.ppf(0.975, ranks, counts + 1 - ranks)
at_least, enough = counts[0], counts[ends > 2 * rate].max() + 1
print(f"at least {at_least}; from {enough} on, with k = {int(rate * (enough + 1))}, the interval ends within twice the rate (and now and then before, as k is a whole number)")

# %% [markdown] tags=["solution"]
# What counts is $k$, the place of the threshold among the highest scores. The same $k$ will do at any small rate, so that the number of examples grows as one over it.

# %% tags=["check"]
check.one_in_a_thousand(at_least, enough)

# %% [markdown]
# **3. Out of the trap.** *Medium, 15 minutes.* Bring both sides of 11.5 to one format: save the inliers as JPEG of the same quality, too, and train a detector `mended` with the same outliers. How the inliers' files are stored now, as
# `looked_at` says it, is `stored`; `turned` is the set of those findings (`finding.check`) that hold for one of the detectors `trap` and `mended`, and not for the other one. Which finding fails now, and why is that good news?
#
# <details><summary>Hint</summary>The inliers are <code>paths[::step]</code>, with <code>labels[::step]</code>; 11.5 saves the others. Two sets have the symmetric difference <code>one ^ other</code>.</details>

# %% tags=["solution"]
shutil.rmtree(OWN / "mended", ignore_errors=True)
for number, (path, label) in enumerate(zip(paths[::step], labels[::step], strict=True)):
    (OWN / "mended" / label).mkdir(parents=True, exist_ok=True)
    Image.open(path).convert("RGB").save(OWN / "mended" / label / f"{number:05}.jpg", quality=QUALITY)
mended, stored = Detector.fit(OWN / "mended", archive, **settings), looked_at(pictures_below(OWN / "mended"))
turned = set.symmetric_difference(*({finding.check for finding in one.findings if finding.holds} for one in (trap, mended)))
print("turned:", *sorted(turned), *[finding for finding in mended.findings if finding.check in ("outliers", "files")], sep="\n")

# %% [markdown] tags=["solution"]
# The files are alike now and show the same things, so that nothing is left to tell outliers from inliers by. Where the finding `outliers` says that they were not learned, it is right. Leave such outliers out: they are pictures of your own classes.

# %% tags=["check"]
check.out_of_the_trap(mended, stored, turned, trap, as_jpeg)

# %% [markdown]
# **4. Watch the share of alarms.** *Medium, 20 minutes.* Every day 100 pictures come, without labels. A day gives warning when more of them ring than the upper end of 11.6, `high`, explains by a binomial test at the level 1 %. From the shares that ring in `drift`, make a table `found_on`: the percentage of days with a warning from the chosen detector, a row for each drift, a column for each severity, 0 to 5. From which one on is it found on most days?
#
# <details><summary>Hint</summary><code>stats.binom.ppf</code> says how many alarms chance explains, <code>stats.binom.sf</code> how often more come. Or draw a thousand days for each.</details>

# %% tags=["solution"]
most = stats.binom.ppf(0.99, 100, high)  # alarms in a day that chance explains
ringing = drift["rings"].xs(f"outliers: {chosen}", level="network").unstack()
found_on = pd.DataFrame(100 * stats.binom.sf(most, 100, ringing / 100), ringing.index, ringing.columns)
print("on most days from severity", (found_on > 50).idxmax(axis=1).where(found_on.max(axis=1) > 50, "none").to_dict())
found_on.round(1)

# %% [markdown] tags=["solution"]
# The test only counts. It cannot tell drift from a day full of anomalies, and silent drift passes it: that takes labels, a few a week.

# %% tags=["check"]
check.watched(found_on, drift["rings"].xs(f"outliers: {chosen}", level="network"), high, FALSE_ALARM_RATE)

# %% [markdown]
# ## References
#
# - D. Hendrycks, M. Mazeika, T. Dietterich. *Deep Anomaly Detection with Outlier Exposure.* ICLR 2019. Section 5: which outliers; appendix A: anomalies made of inliers.
# - D. Hendrycks, T. Dietterich. *Benchmarking neural network robustness to common corruptions and perturbations.* ICLR 2019. The corruptions of 11.8.
# - V. Vovk. *Conditional validity of inductive conformal predictors.* ACML 2012. The interval of 11.6. C. Elkan. *The foundations of cost-sensitive learning.* IJCAI 2001. The costs of 11.7.
