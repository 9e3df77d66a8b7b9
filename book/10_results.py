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
# - what each number of this book rests on: trainings, draws, hardware, hours, commits;
# - how much the places weigh in which a paper's text, its tables and its code disagree.
#
# Nothing is trained here. The page is built from records: those of this build, and those that come with the book in `runs/reference`. Of the two, the larger scale counts.
#
# Needed: chapter 2 for the protocol; the others where a row makes you curious.

# %% tags=["parameters", "after-the-others"]
SCALE = "demo"
SPREADS = 2.0  # standard deviations within which a number counts as reproduced
FOLDERS: list[str] = []  # further folders with records, to be looked at first

# %% tags=["checks"]
from pathlib import Path

from oe_core import check_scale

check_scale(SCALE)
if not SPREADS > 0:
    raise ValueError(f"SPREADS={SPREADS} must be above 0, a number of standard deviations")
for folder in FOLDERS:
    if not Path(folder).is_dir():
        raise ValueError(f"FOLDERS: {folder!r} is no folder")

# %%
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from IPython.display import Image, Markdown, display

from oe_core import figures, paper, runs_root
from oe_core.atomic import write_text
from oe_core.paper import errata, results

plt.rcParams.update(figures.STYLE)
pd.set_option("display.max_colwidth", 160, "display.max_rows", 200)
ROOM = runs_root() / SCALE
(ROOM / "records").mkdir(parents=True, exist_ok=True)
ROOTS = [*map(Path, FOLDERS), ROOM / "records", results.REFERENCE]
found = results.sources(*ROOTS)
cells = results.marked(found, SPREADS)
print(f"{len(found)} evaluations, {sum(len(source.records) for source in found):,} measured values")

# %% [markdown]
# ## 10.1 At one glance
#
# Every square is a printed number, in the place it has in its table.

# %%
figures.publish(figures.wall(cells), "10_wall", ROOM / "figures")

# %% [markdown]
# | sign | mark | it means |
# | --- | --- | --- |
# | ● | reproduced | the paper's value lies within two standard deviations of ours (over trainings and draws together; `SPREADS`), rounding allowed for |
# | ◐ | same direction | another value, or a mean over other sets, but the method is better or worse than the table's first one as in the paper |
# | ○ | not reproduced | the direction is another one |
# | · | not run | no record holds it |
#
# A rule has to be able to hurt. This one is hard on networks that were trained once, whose spread is that of their draws alone, and hard on a score that is *better* than the paper's. It is lenient where
# trainings differ much: of ten baselines on TREC almost any number is within two standard deviations.

# %%
counts = results.by_table(cells)
write_text(ROOM / "tables" / "10_cells.csv", cells.to_csv(index=False))
counts.groupby(level="table").sum().rename(index={paper.LOGS: "MNIST"})

# %%
run = cells[cells["mark"] != results.NOT_RUN]
shares = run["mark"].value_counts(normalize=True).reindex(results.MARKS[:3], fill_value=0)
print(f"{len(run)} of {len(cells)} numbers were measured: " + ", ".join(f"{100 * share:.0f} % {mark}" for mark, share in shares.items()))

# %% [markdown]
# ## 10.2 Ours against the paper's
#
# Filled: over the same test sets; hollow: a mean over other ones, which is not to be compared. Bars are two standard deviations.

# %%
figures.publish(figures.agreement(cells), "10_agreement", ROOM / "figures")

# %% [markdown]
# Look at two groups away from the diagonal. AUROCs near 100 on the left are the character models of chapter 7, whose anomalies the official code destroys; FPRs in the upper left are the density
# estimators of chapter 6, which are small and learned little from photographs. Both have their section.

# %% [markdown]
# ## 10.3 One cell by hand

# %%
one = run[run["mark"] == results.REPRODUCED].iloc[0]
far = abs(one["ours"] - float(one["paper"]))
assert far <= SPREADS * one["spread"] + 0.05
print(f"Table {one['table']}, {one['in_dist']} / {one['out_dist']}, {one['metric']} {one['method']}: ours {one['ours']:.2f}, the paper's {one['paper']}, "
      f"so {far:.2f} apart; {SPREADS:g} standard deviations are {SPREADS * one['spread']:.2f}")  # fmt: skip

# %% [markdown]
# ## 10.4 Every table
#
# In each cell the sign, our value ± its standard deviation, and the paper's in parentheses.

# %%
for table in cells["table"].unique():
    name = f"Table {table}" if table else "MNIST: the logs of the official code, in the form of Table 7"
    scales = ", ".join(f"{source} ({scale})" for source, scale in run[run["table"] == table][["source", "scale"]].drop_duplicates().to_numpy())
    display(Markdown(f"### {name}\n\nmeasured by chapter `{paper.INDEX[table].chapter}`: {scales or 'nothing'}\n\n{results.beside(cells, table)}"))

# %% [markdown]
# ## 10.5 Not reproduced, and why
#
# Every cell whose direction is not the paper's:

# %%
other = run[run["mark"] == results.OTHER]
other[["table", "in_dist", "out_dist", "metric", "method", "paper", "ours", "why"]].round(1).style.hide(axis="index").format(precision=1)

# %% [markdown]
# Chapter 6 (Table 5) found that photographs teach a small density estimator nothing, where letters do; its section 6.9 has both. Of PTB's characters section 7.10 says why they cannot be the paper's. Omniglot
# (MNIST) is decided by how pen strokes become small pictures: `runs/reference` has three ways. A GAN lowered the FPR95 in chapter 5, over other sets, where in the paper it raised it.
# CIFAR-100 at scale `course` is learned too shortly: the exposed network has hardly learned its outliers (`runs/reference`), loses on Rademacher noise, and is calibrated worse than before.

# %% [markdown]
# ## 10.6 Not run, and why

# %%
missing = cells[cells["mark"] == results.NOT_RUN].groupby(["table", "in_dist", "why"], sort=False).size().rename("numbers")
missing.reset_index().replace({"table": {paper.LOGS: "MNIST"}}).style.hide(axis="index")

# %% [markdown]
# The records in `runs/reference` were measured with the data that were at hand, on two CPU cores but for CIFAR-10 at the paper's size, which a GPU trained in minutes. SVHN's training digits, Tiny ImageNet at 64 pixels,
# Places365 and LSUN were not among the data: `make data SCALE=paper` lists what is needed, and each command in the column is all there is to do.

# %% [markdown]
# ## 10.7 The figures
#
# Figures 1 and 4 are curves of one network, 2 the histogram of bits per dimension, 3 the RMS errors of Table 12 as bars. The first found of each, this build's before the book's:

# %%
pictures = results.printed_figures(ROOM / "figures", *ROOTS)
for number in range(1, 5):
    path = pictures.get(number)
    inside = next((path.relative_to(root) for root in (ROOM, results.REFERENCE) if path and path.is_relative_to(root)), path)
    display(Markdown(f"### Figure {number}: " + (f"`{inside}`" if path else "not drawn by any chapter of this build")))
    if path:
        display(Image(path, width=620))

# %% [markdown]
# ## 10.8 What the numbers rest on
#
# Of the records with cells above. Seeds are trainings of each network, draws redraws of the test subsets, hours those of training on the clock. These machines were shared; hours say what to expect, and compare with nothing.

# %%
rests_on = results.evidence_table(found)
display(rests_on.style.format({"hours": "{:.2f}"}))
print(f"{rests_on.attrs['hours']:.1f} hours of training, each network counted once")

# %% [markdown]
# ## 10.9 The claims
#
# The ledger of chapter 9: what its tests said of section 5 and the appendices, in each build at hand.

# %%
results.ledgers(*ROOTS).style.hide(axis="index")

# %% [markdown]
# ## 10.10 Where the paper and its code disagree
#
# Reproducing a paper shows where its text, its tables and its code say different things. For each such place: what both say, and a number under either reading. An empty field has no number yet:
# the data were not at hand, or there is nothing to measure.

# %%
measured = errata.measured(results.sources(*ROOTS, variants=True), *ROOTS)
listing = errata.page(measured)
listing.drop(columns=["measure", "as the text", "as the code", "on"]).drop_duplicates()

# %%
values = listing.loc[listing["measure"] != "", ["about", "measure", "as the text", "as the code", "on"]]
values.reset_index().style.hide(axis="index").format(precision=2)

# %% [markdown]
# ### Which of them matter?
#
# The distance between the two readings, the ten largest among those in percent of a metric. (Number 21, the heading of a log, is no reading of an experiment.)

# %%
weights = values[values["measure"].str.contains("AUROC|FPR|AUPR|RMS")].drop(index=21, errors="ignore")
weights["distance"] = (weights["as the text"].astype(float) - weights["as the code"].astype(float)).abs()
weights.sort_values("distance", ascending=False).head(10).reset_index().style.hide(axis="index").format(precision=1)

# %%
without = sorted(set(errata.DISAGREEMENTS) - set(measured["number"]))
print("no number yet:", "; ".join(f"{number}. {errata.DISAGREEMENTS[number].subject}" for number in without) or "none")

# %% [markdown]
# ## Summary
#
# - What counts as reproduced has to be said before one looks. Here: within two standard deviations over trainings and draws.
# - The claim of the paper, that exposure to real outliers improves detection, holds in nearly every table that was measured; single cells agree where a network and its data are the paper's, and spread where they are not.
# - A number without a spread cannot be reproduced, only met. The paper prints one training of each network, and its "ten runs" are ten draws.
# - Where text and code disagree, the smallest differences in words can be the largest in numbers: a ratio of inliers to anomalies, the order of a loader, the case of letters.
# - What was not run is part of the result.

# %% [markdown]
# ## Exercises
#
# **1. A stricter rule.** How many numbers are reproduced within one standard deviation, and within half of one? Plot the share against `SPREADS` from 0.25 to 4. At which value would you have stopped?

# %% tags=["solution"]
limits = np.array([0.25, 0.5, 1, 2, 3, 4])
within = [(results.marked(found, limit)["mark"] == results.REPRODUCED).sum() / len(run) for limit in limits]
figure, axes = plt.subplots(figsize=(4.6, 2.8))
axes.plot(limits, 100 * np.array(within), marker="o")
axes.set(xlabel="standard deviations", ylabel="reproduced, % of what was run", ylim=(0, 100))
plt.show()

# %% [markdown] tags=["solution"]
# If the paper's single trainings came from the distribution of ours, about two thirds would lie within one standard deviation and nearly all within two. What is missing at four is not chance: other data, other sizes of networks, other test sets.

# %% [markdown]
# **2. Direction by chance.** How many cells would have the paper's direction if Outlier Exposure did nothing? Compare with the share above.

# %% tags=["solution"]
after = run[run["method"] != run.groupby("table")["method"].transform("first")]
print(f"{100 * (after['mark'] != results.OTHER).mean():.0f} % of {len(after)} cells of the later methods have the paper's direction; a coin gives 50 %")

# %% [markdown] tags=["solution"]
# But cells are not independent: the rows of a table share their networks, and a metric agrees with the two others. Thirteen coins would be a more honest number than some hundred.

# %% [markdown]
# **3. Your own errata.** Choose a disagreement without a number. Which chapter, which parameter, and which data would give it one?

# %% tags=["solution"]
for number in without:
    said = errata.DISAGREEMENTS[number]
    print(f"{number}. {said.subject}: {said.text} / {said.code}")

# %% [markdown] tags=["solution"]
# For example the second: `-p VARIANT code -p IN_DISTS svhn` in chapter 2, beside the same without the variant, and SVHN under `OE_DATA`.

# %% [markdown]
# ## References
#
# - D. Hendrycks, M. Mazeika, T. Dietterich. *Deep Anomaly Detection with Outlier Exposure.* ICLR 2019. All tables and figures.
# - J. Pineau et al. *Improving reproducibility in machine learning research.* JMLR 2021.
# - X. Bouthillier et al. *Accounting for variance in machine learning benchmarks.* MLSys 2021. Why one training is not enough.
# - `hendrycks/outlier-exposure`: the official code and its logs.
