"""What a measured record is, in words: its page's title and first sentence, and what each of its pictures shows."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from oe_core.paper import results

ROW = re.compile(r"^\| (?P<folders>[^|]*`[^|]*) \| (?P<what>[^|]*) \| (?P<by>[^|]*) \|$", re.MULTILINE)
IMAGE = re.compile(r"!\[(?P<alt>[^\]]*)\](?=\((?P<path>[^)\s]+\.png)\))")
QUOTED = re.compile(r"`([^`]+)`")
# Parts of the folders' names, in the order in which they are looked for.
WORDS = {
    "outlier-classes": "diversity of outliers", "tiny-imagenet": "Tiny ImageNet", "other-machine": "another machine",
    "other-case": "the other case of letters", "one-case": "without capitals", "20newsgroups": "20 Newsgroups",
    "allconv": "All Convolutional Network", "branch": "confidence branch", "calibration": "calibration",
    "cifar100": "CIFAR-100", "cifar10": "CIFAR-10", "course": "a small network", "package": "the package's networks",
    "paper": "the paper's network", "seeds": "three trainings", "density": "density", "letters": "letters as outliers",
    "longer": "exposed for longer", "design": "design choices", "detectors": "later detectors", "errata": "errata",
    "gan": "generated outliers", "gpu": "on a GPU", "lm": "language model", "ptb": "Penn Treebank",
    "characters": "characters", "words": "words", "mnist": "MNIST", "nlp": "text", "sst": "SST", "trec": "TREC",
    "gutenberg": "Gutenberg's sentences as outliers", "padding": "padding read", "places": "Places", "svhn": "SVHN",
    "phases": "textures as outliers", "code": "as the official code does", "fast": "exposed at a higher rate",
    "your-data": "your own data",
}  # fmt: skip
PART = re.compile("|".join(WORDS) + r"|[^-]+")
# What the pictures of each kind show: a short line, then their axes and rows for who cannot see them.
PICTURES = {
    "confidences": (
        "How confidence is spread over inliers and anomalies, by network",
        "Two histograms on a logarithmic scale, without and with outliers: the share of examples over the score. "
        "The heaps of inliers and anomalies overlap less with outliers.",
    ),
    "detectors": (
        "Each later detector on the baseline and on the exposed network",
        "Dot chart. A row for each detector, panels for the AUROC on near and on far anomalies, a round dot for the "
        "baseline and a square for the exposed network. Most gain by it; Mahalanobis, Residual, NECO and ViM lose.",
    ),
    "figure_1": (
        "Curves of detection, in the form of the paper's Figure 1",
        "Two panels for one set of anomalies: true over false positive rate, and precision over recall. "
        "The curve with Outlier Exposure lies above that of the baseline.",
    ),
    "figure_2": (
        "Inliers and anomalies by their likelihood, in the form of the paper's Figure 2",
        "Two histograms of bits a sub-pixel, without and with Outlier Exposure. Without it the heaps of inliers and "
        "anomalies lie on each other; with it anomalies reach far to the right.",
    ),
    "figure_3": (
        "Calibration errors on each out-distribution, in the form of the paper's Figure 3",
        "Bars of the RMS error on each set of anomalies, temperature beside Outlier Exposure, for as many anomalies "
        "as inliers and for a fifth as many.",
    ),
    "figure_4": (
        "Curves of detection, in the form of the paper's Figure 4",
        "A row for each set of anomalies: true over false positive rate, and precision over recall. "
        "The curve with Outlier Exposure lies above that of the baseline nearly everywhere.",
    ),
    "gain": (
        "Each out-distribution before and after Outlier Exposure",
        "Dot chart. A row for each set of anomalies and one for their mean, panels for FPR, AUROC and AUPR, "
        "a dot without and a dot with outliers on one line.",
    ),
    "game": (
        "The losses of generator and discriminator while they trained",
        "Three panels over the epochs: the probability of being real, the distance to the nearest image, and the "
        "classifier's losses. The discriminator tells real from generated images to the end.",
    ),
    "samples": (
        "Images that the generator made",
        "Rows of small images, one row an epoch, and real ones below: the generated ones get colours and edges, and "
        "show no thing that could be named.",
    ),
    "seeds": (
        "Every training, for each out-distribution",
        "A row for each set of anomalies and one for their mean, panels for FPR90, AUROC and AUPR, a tick for each "
        "training and diamonds for the paper's values.",
    ),
    "training": (
        "The losses of each network while it trained",
        "Curves over the epochs of training; a dotted line marks the epoch from which outliers are shown.",
    ),
}  # fmt: skip


def title(name: str) -> str:
    """Return the title of the record in the folder `name`: "Confidence branch, CIFAR-10"."""
    words = ", ".join(WORDS.get(part, part) for part in PART.findall(name))
    return words[0].upper() + words[1:]


def sentence(name: str, reference: Path) -> str:
    """Return what was measured, as Markdown in the folder `name`: its row of the README of `reference`, "" for none.

    Rows that say "the same" lead to the record that they mean.
    """
    rows = list(_rows((reference / "README.md").read_text("utf-8")))
    place = next((place for place, (names, _, _) in enumerate(rows) if name in names), None)
    if place is None:
        return ""
    _, what, by = rows[place]
    what = re.sub(r"\]\((?=#)", "](../README.md", what.replace("[below]", "[its section]"))
    what = re.sub(r"\]\((?!\.\./|https?:)", "](../", what)
    meant = next((names for names, said, _ in rows[place - 1 :: -1] if not said.startswith("the same")), [])
    first = max(meant, key=lambda other: len(other) * name.startswith(other), default=name)
    same = f" What is the same is said at [{title(first)}](../{first}/)."
    return f"Record `{name}`: {what}. Measured by {by}.{same if what.startswith('the same') else ''}"


def _rows(overview: str) -> Iterator[tuple[list[str], str, str]]:
    """The folders of each row of the overview's table, what was measured, and what measured it."""
    for row in ROW.finditer(overview):
        # Names may be followed by endings: "`density-cifar10`, and its `-longer`".
        quoted = QUOTED.findall(row["folders"])
        full = [name for name in quoted if not name.startswith("-")]
        names = full + [f"{name}{ending}" for name in full for ending in quoted if ending.startswith("-")]
        yield names, row["what"].strip(), row["by"].strip()


def with_pictures(text: str, folder: Path, sources: Mapping[Path, results.Source]) -> str:
    """Return Markdown of `folder` whose pictures of a known kind have the words that `picture` has for them."""

    def told(found: re.Match) -> str:
        path = (folder / found["path"]).resolve()
        return f"![{picture(path, sources.get(path.parent))[1]}]" if path.stem in PICTURES else f"![{found['alt']}]"

    return IMAGE.sub(told, text)


def picture(path: Path, source: results.Source | None) -> tuple[str, str]:
    """Return a line on a record's picture, and its alternative text; source: the record, if it has measurements."""
    unknown = (f"{path.stem.replace('_', ' ').capitalize()}, of the record {path.parent.name}", "")
    line, rows = PICTURES.get(path.stem, unknown)
    means = _means(source) if path.stem == "gain" and source is not None else ""
    return line, " ".join(filter(None, (f"{line}.", rows, means)))


def _means(source: results.Source) -> str:
    """Where the AUROC of each method lies on the mean over all anomalies."""
    records = source.records[source.records["metric"] == "AUROC"]
    records = records[records["table"] == records["table"].min()]
    means = records.groupby("method", sort=False)["value"].mean()
    return f"Mean AUROC: {', '.join(f'{value:.1f} {method}' for method, value in means.items())}."
