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
# # 10. Results: the whole book on one page
#
# The chapters before this one have trained, scored and measured. The paper prints 813 numbers; the logs of its code add 81 for MNIST.
#
# > Which of the paper's numbers come out again, which of its claims hold, and where does it disagree with its own code?
#
# **You will learn**
#
# - to state beforehand what "reproduced" means, so that a table can be marked by a rule and not by hope;
# - to tell apart a number that comes out again and a claim that holds;
# - how far a few trainings let one see, and what one training alone cannot say;
# - what each number of this book rests on: data, trainings, draws, hardware, hours, commits;
# - how much the places weigh in which a paper's text, its tables and its code disagree.
#
# Nothing is trained here. The page is built from records: those of this build, and those that come with the book in `runs/reference`. Of two records of one number, one over the paper's own sets comes before one over stand-ins, and then
# the larger scale counts; scale `smoke` proves that everything runs, and counts for nothing.
#
# Needed: chapter 2 for the protocol; the others where a row makes you curious.

# %% tags=["parameters", "after-the-others"]
SCALE = "demo"
LEVEL = 0.95  # probability with which an interval holds what it is for
FOLDERS: list[str] = []  # further folders with records, to be looked at first

# %% tags=["checks"]
from pathlib import Path

from oe_core import ArgumentError, check_lists, check_numbers, check_scale

check_scale(SCALE)
check_lists(FOLDERS=FOLDERS)
check_numbers(above=0, below=1, LEVEL=LEVEL)  # the probability that an interval holds
for folder in FOLDERS:
    if not Path(folder).is_dir():
        raise ArgumentError(f"FOLDERS: {folder!r} is no folder")

# %%
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from exercises import ch10_results as check
from IPython.display import Image, Markdown, display
from scipy.stats import t as student

from oe_core import figures, paper, runs_root
from oe_core.atomic import write_text
from oe_core.paper import errata, grades, likeness, results

plt.rcParams.update(figures.STYLE)
pd.set_option("display.max_colwidth", 160, "display.max_rows", 200)
ROOM = runs_root() / SCALE
(ROOM / "records").mkdir(parents=True, exist_ok=True)
ROOTS = [*map(Path, FOLDERS), ROOM / "records", results.REFERENCE]
found = results.sources(*ROOTS)
cells = grades.marked(found, LEVEL)
write_text(ROOM / "tables" / "10_cells.csv", cells.to_csv(index=False))
print(f"{len(found)} evaluations, {sum(len(source.records) for source in found):,} measured values")

# %% [markdown]
# ## 10.1 At one glance
#
# Every square is a printed number, in the place it has in its table; a thick line parts two in-distributions. A white one was not measured. The table below has the signs that stand for the marks in 10.4.

# %%
figures.publish(figures.wall(cells), "10_wall", ROOM / "figures", "Every number that the paper prints, in the place that it has in its table, coloured by what our records claim of it.")

# %%
pd.DataFrame({"sign": grades.SIGNS, "it claims": grades.CLAIMS}).rename_axis("mark")

# %% [markdown]
# Two questions stand behind the marks, and they are kept apart.
#
# **Is it the paper's value?** That can be asked only where everything else is the paper's: network and training, whose recipe the evidence has to show, and the data in all three roles, to learn, as outliers, to test on. A set counts as the paper's when it was
# generated, or read from the published files, whose hashes were checked, or when its content was shown to be theirs (section 10.8 has each case, and how it was shown). A folder with the
# right name shows nothing; nor does a part of a set, a copy that went through JPEG, or another set of outliers.
#
# **Does Outlier Exposure, or whatever the table is about, change things the paper's way?** That can be asked of any network and any data, a named stand-in included. A direction leads from the first method of a table to a later one, in
# one row and metric. It is one claim on two numbers, so it is counted once, with the later one; the first is then a *baseline* and claims nothing. The paper's tables have no control, so a direction holds what training on
# without outliers would have changed, too; chapters 2 to 7 and 9 measure that part. A difference that chance can make is *undecided*, neither for the paper nor against it.

# %% [markdown]
# ### How far is far?
#
# The paper prints one training of each network. So the question for a value is where *one further training* of ours would lie, given the few that there are. The often quoted two standard deviations hold it in 95 % of all cases
# only where the standard deviation is known. From $n$ trainings it is estimated, and so is the mean: then $\bar x \pm t_{n-1}\, s\sqrt{1 + 1/n}$ holds it, with the quantile of Student's $t$.

# %%
sizes = np.array([2, 3, 5, 10, 30])
off = np.sqrt(1 + 1 / sizes)  # a further training is off our mean by this many standard deviations of one
held, factors = 2 * student.cdf(2 / off, sizes - 1) - 1, student.ppf((1 + LEVEL) / 2, sizes - 1) * off
columns = {"two standard deviations hold, %": 100 * held, f"factor that holds {100 * LEVEL:g} %": factors}
pd.DataFrame(columns, index=pd.Index(sizes, name="trainings")).T.round(1)

# %% [markdown]
# The $d$ draws of the test subset add to it, and the margin of a value is $\sqrt{(t_{n-1}\, s_\text{trainings})^2 (1 + 1/n) + (t_{d-1}\, s_\text{draws})^2}$: each part with the quantile for its own number, which holds `LEVEL` or more, whatever
# the sizes of the two. A draw's variance counts whole, for the draws share most examples of one test set, and the trainings share the draws, so that no mean over them is much surer than one. For a direction the same is done with the
# differences of two methods on the same seeds and draws, and for their *mean* over trainings, with $1/n$ in the place of $1 + 1/n$: a claim on a method is one on its trainings as a whole.
#
# Where a network was trained **once**, nothing is known of how trainings differ. The spread is then that of its draws alone, and the cell says so: such a direction may turn with the next training.

# %% [markdown]
# ### The counts

# %%
counts = grades.by_table(cells)
counts.groupby(level="table", sort=False).sum().rename(index={paper.LOGS: "MNIST"})

# %% [markdown]
# A large part of the printed numbers is not independent. Means summarise rows that are printed, too; some numbers stand in two tables; and where the paper has an FPR of at most 1 or an AUROC or AUPR of at least 99, a good detector
# agrees whatever it is. So the numbers once more without each of these, and without all:

# %%
grades.counted(cells)

# %% [markdown]
# And the comparisons, a pair of numbers each; here a pair is at the ceiling where both of its numbers are.

# %%
pairs = grades.comparisons(cells)
directions = grades.counted(pairs, "direction").rename(columns={"numbers": "comparisons"})
directions

# %%
run = pairs[pairs["direction"] != grades.NOT_RUN]
once = run["seeds"] == 1
share = (run["direction"] == grades.AGREES).mean()
print(f"{100 * share:.0f} % of the {len(run)} measured comparisons go the paper's way; {once.sum()} of them rest on one training, "
      f"{(run['direction'] == grades.AGAINST).sum()} go the other way, {(run['direction'] == grades.UNDECIDED).sum()} are undecided")  # fmt: skip

# %% [markdown]
# ## 10.2 Ours against the paper's
#
# Filled: network and data are the paper's, so that the two values may be compared. Hollow: they are not, and nothing follows from a point's distance to the diagonal. Bars are the margins of above, cut off at the frame.

# %%
figures.publish(figures.agreement(cells), "10_agreement", ROOM / "figures", "Ours over the paper's, a point for each number, by metric; filled where network and data are the paper's.")

# %% [markdown]
# Which groups lie farthest from the diagonal, by the median distance of their points, and what is known of why? The explanations are the book's, for its records in `runs/reference`; of a source without one nobody has asked.

# %%
WHY = {
    "density-cifar10": "a small density estimator, which photographs teach nothing and letters do: 6.9 has both",
    "lm-ptb-words": "a smaller model than the paper's, to which foreign pages are no surprise, for unknown words are cheap: 7.8",
    "lm-ptb-characters": "the web pages are read as text here; the official code's reader leaves little of them: 7.10",
    "cifar100-seeds": "noise, on which trainings with the same losses go either way, and SVHN and CIFAR-10, on which none of the three gained much",
    "tiny-imagenet-course": "outliers of one kind, scenes: made into textures, tiny-imagenet-course-phases, the same photographs no longer cost noise and no longer teach scenes",
    "allconv-tiny-imagenet": "outliers of one kind, as for tiny-imagenet-course",
    "allconv-cifar100": "as cifar100-course, by a thinner network: the outliers' part of the loss ends 0.6 nats above log 100, and what AUROC gains a control without outliers gains, too",
    "allconv-cifar10": "a thin network, trained for 8 epochs of 100, on pictures that went through JPEG",
    "calibration-cifar100-code": "the networks of cifar100-course",
    "calibration-tiny-imagenet-code": "outliers of one kind, as for tiny-imagenet-course: errors fall on scenes and rise on noise; calibration-tiny-imagenet-phases loses a quarter of it",
    "gan-cifar10": "two trainings that differ much, with a third of the images and two epochs of exposure",
    "mnist": "Omniglot alone, which is decided by how pen strokes become small pictures, in three ways in runs/reference",
}


def with_reasons(frame):
    """The frame, with what is known of each row's source."""
    return frame.assign(why=frame["source"].map(WHY).fillna("")).replace({"table": {paper.LOGS: "MNIST"}}).style.hide(axis="index")


measured = cells[cells["mark"] != grades.NOT_RUN]
distances = (measured["ours"] - measured["paper"].astype(float)).abs().groupby([measured[name] for name in ("table", "in_dist", "source")])
with_reasons(distances.median().rename("points").nlargest(6).reset_index()).format(precision=1)

# %% [markdown]
# ## 10.3 One cell by hand

# %%
reproduced = cells[cells["mark"] == grades.REPRODUCED]
repeated = (cells["mark"] != grades.NOT_RUN) & (cells["seeds"] > 1) & (cells["out_dist"] != "Mean")
one = cells[repeated].sort_values("mark", key=lambda mark: mark != grades.REPRODUCED, kind="stable").iloc[0]  # a reproduced one, if there is any
source, names = next(source for source in found if source.name == one["source"]), ["out_dist", "metric", "method"]
rows = source.of(one["table"], one["in_dist"])
by_seed = rows[(rows[names] == one[names]).all(axis=1)].groupby("seed")["value"].agg(["mean", "var", "count"])
n, draws = len(by_seed), by_seed["count"].min()
of_trainings, of_draws = by_seed["mean"].var() * (1 + 1 / n), by_seed["var"].mean()
t_trainings, t_draws = student.ppf((1 + LEVEL) / 2, [n - 1, draws - 1])
margin = np.sqrt(t_trainings**2 * of_trainings + t_draws**2 * of_draws)
assert np.isclose(margin, one["margin"]) and np.isclose(by_seed["mean"].mean(), one["ours"])
whose = "the paper's" if one["table"] else "its code's logs have"
print(f"{paper.INDEX[one['table']].title}: {one['in_dist']} / {one['out_dist']}, {one['metric']} {one['method']}: {n} trainings of {draws} draws, ours {one['ours']:.2f} ±{margin:.2f}, "
      f"{whose} {one['paper']}")  # fmt: skip
print(f"of {len(reproduced)} reproduced numbers {(reproduced['margin'] > 5).sum()} have a margin of more than 5 points, and {reproduced['ceiling'].sum()} lie at a ceiling")

# %% [markdown]
# A wide margin holds many values, the paper's among them. Such a number is reproduced as far as these trainings can see, which is not far.
#
# ## 10.4 Every table
#
# In each cell the sign, our value ± its margin, and in parentheses the paper's value and, after a semicolon, what the logs of its code have, where they have it. "Draws" says that one network was trained, and the margin is that of its draws
# alone. A margin beyond 100 comes from two trainings that differ, and says that they tell nothing of a third. An arrow leads to a set of the paper from what stood in for it.

# %%
for table in cells["table"].unique():
    name = f"Table {table}" if table else "MNIST: the logs of the official code, in the form of Table 7"
    scales = ", ".join(f"{source} ({scale})" for source, scale in measured[measured["table"] == table][["source", "scale"]].drop_duplicates().to_numpy())
    display(Markdown(f"### {name}\n\nmeasured by chapter `{paper.INDEX[table].chapter}`: {scales or 'nothing'}\n\n{grades.beside(cells, table)}"))

# %% [markdown]
# Tables 12 and 13 are graded by the reading that the logs follow, not by that of the text: five inliers to one anomaly, without the most confident bin (chapter 8, and numbers 7 and 8 below), for the logs have the printed numbers.

# %%
logged = cells[cells["logs"] != ""].astype({"paper": float, "logs": float})
digits = 10.0 ** -cells.loc[logged.index, "paper"].str.partition(".")[2].str.len()
rounded_otherwise = logged[(logged["paper"] - logged["logs"]).abs() > digits / 2 + 1e-9]
print(f"the logs have {len(logged)} of the paper's numbers, and {len(rounded_otherwise)} are not the printed ones but for rounding")
rounded_otherwise[[*grades.CELL, "paper", "logs"]].style.hide(axis="index").format(precision=2)

# %% [markdown]
# ## 10.5 The other way, and why
#
# Every comparison whose direction is decided and not the paper's:

# %%
other = pairs[pairs["direction"] == grades.AGAINST].replace({"table": {paper.LOGS: "MNIST"}})
headings = {"papers_change": "the paper's change", "change": "our change", "change_margin": "± (margin)", "seeds": "trainings", "unlike": "what is not the paper's"}
other.rename(columns=headings)[[*grades.CELL, *headings.values()]].style.hide(axis="index").format(precision=1)

# %%
by_source = ["table", "in_dist", "source", "seeds"]
with_reasons(other.groupby(by_source, sort=False).size().rename("the other way").reset_index())

# %% [markdown]
# And those that chance may have decided, by table. Several causes look alike here: a difference that the paper prints as none, or of which a ceiling leaves little; trainings that differ much; a network that has learned little.

# %%
undecided = pairs[pairs["direction"] == grades.UNDECIDED]
with_reasons(undecided.groupby(by_source, sort=False).size().rename("undecided").reset_index())

# %% [markdown]
# ## 10.6 Not run, and what is missing

# %%
missing = cells[cells["mark"] == grades.NOT_RUN].groupby(["table", "in_dist", "why"], sort=False).size().rename("numbers").reset_index()
missing["chapter"] = [paper.INDEX[table].chapter for table in missing["table"]]
missing.replace({"table": {paper.LOGS: "MNIST"}}).style.hide(axis="index")

# %% [markdown]
# The records in `runs/reference` were measured with the data that were at hand, on two CPU cores but for CIFAR-10 and a part of SVHN at the paper's size and most of MNIST, which a GPU trained in minutes. SVHN's training digits, Tiny ImageNet at 64 pixels,
# Places365 and LSUN were not among them; CIFAR-100 was, and was not trained for every table. With the sets in place, which `make data SCALE=paper` lists,
# `make book SCALE=paper CHAPTER=` and the chapter in the last column measures what is missing.

# %% [markdown]
# ## 10.7 The figures
#
# Figures 1 and 4 are curves of one in-distribution, without and with exposure, 2 the histogram of bits per dimension, 3 the RMS errors of Table 12 as bars. The first found of each, this build's before the book's, of several sets one of real anomalies; each file is named:

# %%
SHOWN = {1: "ROC and precision-recall curves of one set of anomalies, without and with exposure",
         2: "histograms of the bits per dimension of inliers and anomalies, without and with exposure",
         3: "RMS calibration errors as bars, without and with exposure, here and in the paper",
         4: "ROC and precision-recall curves of several sets of anomalies, without and with exposure"}  # fmt: skip
pictures = results.printed_figures(ROOM / "figures", *ROOTS)
for number, shown in SHOWN.items():
    path = pictures.get(number)
    inside = next((path.relative_to(root) for root in (ROOM, results.REFERENCE) if path and path.is_relative_to(root)), path)
    display(Markdown(f"### Figure {number}: " + (f"`{inside}`" if path else "not drawn by any chapter of this build")))
    if path:
        display(Image(path, width=620, alt=f"Figure {number} of the paper, drawn by this book: {shown}"))

# %% [markdown]
# ## 10.8 What the numbers rest on
#
# Of the records with cells above. Seeds are trainings of each network, draws redraws of the test subsets, hours those of training on the clock. These machines were shared; hours say what to expect, and compare with nothing.

# %%
rests_on = results.evidence_table([source for source in found if source.name in set(measured["source"])])
display(rests_on.style.format({"hours": "{:.2f}"}))
print(f"{rests_on.attrs['hours']:.1f} hours of training, each network counted once")

# %% [markdown]
# All data that neither come with the packages nor are generated came from folders. These are the ones whose content was shown to be that of the published files; every other set counts as other data, however near it may be.

# %%
likeness.EQUAL[["key", "split", "shown"]].style.hide(axis="index")

# %% [markdown]
# ## 10.9 The claims
#
# The ledgers of chapters 9 and 12: what their tests said of section 5 and the appendices, and of what came after, in each build at hand.

# %%
results.ledgers(*ROOTS).style.hide(axis="index")

# %% [markdown]
# ## 10.10 Where the paper and its code disagree
#
# Reproducing a paper shows where its text, its tables and its code say different things. For each such place: what both say and what the book does; then, where it was measured, a number under either reading.
# Those without one are named at the end: the data were not at hand, or there is nothing to measure.

# %%
readings = errata.measured(found, *ROOTS)
listing = errata.page(readings)
listing.drop(columns=["measure", "as the text", "as the code", "on"]).drop_duplicates()

# %%
values = listing.loc[listing["measure"] != "", ["about", "measure", "as the text", "as the code", "on"]]
values.reset_index().style.hide(axis="index").format("{:,.6g}", subset=["as the text", "as the code"])

# %% [markdown]
# ### Which of them matter?
#
# The distance between the two readings, the ten largest among those in percent of a metric. (Number 21, the heading of a log, is no reading of an experiment.)

# %%
weights = values[values["measure"].str.contains("AUROC|FPR|AUPR|RMS")].drop(index=21, errors="ignore")
weights["distance"] = (weights["as the text"].astype(float) - weights["as the code"].astype(float)).abs()
weights.sort_values("distance", ascending=False).head(10).reset_index().style.hide(axis="index").format(precision=1)

# %%
without = sorted(set(errata.DISAGREEMENTS) - set(readings["number"]))
print("no number yet:", "; ".join(f"{number}. {errata.DISAGREEMENTS[number].subject}" for number in without) or "none")

# %% [markdown]
# ## Summary
#
# - What counts as reproduced has to be said before one looks. Here: the paper's network and data, and its value within the interval that holds a further training of ours.
# - A direction is a weaker claim than a value, and can be tested on other data: section 10.1 counts how often the paper's came out, how often the other one, and how often neither. Its values can be compared only where network and
#   data could be shown to be the paper's.
# - Two or three trainings see less far than two standard deviations suggest, and one training does not see how trainings differ. The paper prints one of each network, and its "ten runs" are ten draws.
# - Counts flatter where numbers repeat each other, summarise each other, or lie at a ceiling.
# - Where text and code disagree, the size of a difference in words says nothing of its size in numbers: section 10.10 ranks them by the latter.
# - What was not run, and what is undecided, is part of the result.

# %% [markdown]
# ## Exercises

# %%
def directions_at(level):
    """How many comparisons have which direction, where an interval holds with this probability."""
    return grades.comparisons(grades.marked(found, level))["direction"].value_counts()


# %% [markdown]
# **1. A stricter rule.** *Medium, 20 minutes.* How many comparisons are decided at the levels 0.5, 0.8, 0.95 and 0.999, the paper's way and the other? A table `by_level` with a row for each level and the columns `grades.AGREES` and
# `grades.AGAINST`. Which level would you have set, before looking?
#
# <details><summary>Hint</summary><code>directions_at(level)</code> counts; a direction that no comparison has is missing there.</details>

# %% tags=["solution"]
by_level = pd.DataFrame({level: directions_at(level) for level in (0.5, 0.8, 0.95, 0.999)}).T.fillna(0)[[grades.AGREES, grades.AGAINST]].astype(int)
by_level

# %% [markdown] tags=["solution"]
# A higher level decides less, whichever way. What stays against the paper at the strictest level is not chance, as far as its spread is known: look there for other data, smaller networks, shorter trainings. But a level says nothing of
# what one training cannot show.

# %% tags=["check"]
check.stricter_rule(by_level, directions_at)

# %% [markdown]
# **2. Direction by chance.** *Medium, 15 minutes.* If Outlier Exposure and all other methods did nothing, about how many of the comparisons that rest on several trainings, `repeated`, would be decided at `LEVEL` all the same, `decided_by_chance`, and how
# many of these the paper's way, `papers_way_by_chance`? Compare with their counts. Why does the same reckoning not hold for those of one training?
#
# <details><summary>Hint</summary>A difference is decided where its interval leaves out zero. What does the interval of one training know of another one?</details>

# %%
repeated = run[run["seeds"] > 1]

# %% tags=["solution"]
decided_by_chance = (1 - LEVEL) * len(repeated)
papers_way_by_chance = decided_by_chance / 2
settled = repeated[repeated["direction"].isin([grades.AGREES, grades.AGAINST])]
print(f"if they did nothing, about {decided_by_chance:.0f} of {len(repeated)} comparisons would be decided, {papers_way_by_chance:.0f} the paper's way; "
      f"{len(settled)} are, {100 * (settled['direction'] == grades.AGREES).mean():.0f} % of them the paper's way")  # fmt: skip


def between_twins(records):
    """The share of cells that one training each of the *same* recipe would decide: seeds 0 and 1, by the spread over draws."""
    both = records[records["seed"] < 2].set_index([*grades.CELL, "draw", "seed"])["value"].unstack().dropna()
    change = (both[1] - both[0]).groupby(level=grades.CELL).agg(["mean", "std", "count"])
    return (change["mean"].abs() > student.ppf((1 + LEVEL) / 2, change["count"] - 1) * change["std"]).mean()


twins = [between_twins(source.records) for source in found if source.records["seed"].nunique() > 1 and source.records["draw"].nunique() > 1]
print(f"one training each of the same recipe would decide {100 * min(twins):.0f} to {100 * max(twins):.0f} % of the cells, in {len(twins)} records with several trainings")

# %% [markdown] tags=["solution"]
# Of one training the interval holds the spread over draws alone. It answers whether *these two networks* differ, and two networks of one recipe do, too. So the directions of single trainings are no evidence of an effect beyond
# the luck of a training. Where trainings are repeated the reckoning is an upper bound, since the intervals are rather too wide; and comparisons are not independent: the rows of a table share their networks, and a metric agrees
# with the two others.

# %% tags=["check"]
check.by_chance(decided_by_chance, papers_way_by_chance, len(repeated), len(run), LEVEL)

# %% [markdown]
# **3. Your own errata.** *Easy, 15 minutes.* Choose a disagreement of 10.10 that has no number yet, `chosen`. Which `chapter` trains what it is about, by its whole name? And which parameter and which data would give it one?
#
# <details><summary>Hint</summary>The numbers are in <code>without</code>; read the text, the code and the book side by side.</details>

# %% tags=["solution"]
for number in without:
    said = errata.DISAGREEMENTS[number]
    print(f"{number}. {said.subject}: {said.text} / {said.code}")
trained_by = {27: "09_design_choices", 32: "05_gan", 33: "06_pixelcnn", 34: "04_confidence_branch"}
chosen = without[-1]
chapter = trained_by.get(chosen, "07_language_models")

# %% [markdown] tags=["solution"]
# What a number takes: a named variant, `experiment(..., variant="code")` beside the same without it (27; 28 and 29, which chapter 7 measures together with 4); the paper's scale, where the book follows the code, beside the other reading
# (32, 34); or code that the book does not have (30, 31, 33). The data go under `OE_DATA`. `runs/reference/README.md` has the commands.

# %% tags=["check"]
check.own_errata(chosen, chapter, without)

# %% [markdown]
# ## References
#
# - D. Hendrycks, M. Mazeika, T. Dietterich. *Deep Anomaly Detection with Outlier Exposure.* ICLR 2019. All tables and figures.
# - J. Pineau et al. *Improving reproducibility in machine learning research.* JMLR 2021.
# - X. Bouthillier et al. *Accounting for variance in machine learning benchmarks.* MLSys 2021. Why one training is not enough.
# - `hendrycks/outlier-exposure` (Apache-2.0): the official code, and its logs as of commit 565311391f.
