"""The record of chapter 11 on real photographs and questions, and the page that quotes it."""

import pandas as pd
import pytest
from reference_records import ROOM, evidence_of, prose

OWN = ROOM / "your-data"
SAID = prose(OWN / "README.md")


def _table(name, metric="AUROC"):
    """A column for each source of outliers, a row for each set; NA is no name here."""
    frame = pd.read_csv(OWN / f"{name}.csv", keep_default_na=False).query("metric == @metric").astype({"value": float})
    table = frame.pivot(index=["anomalies", "set"], columns="outliers", values="value")
    order = pd.MultiIndex.from_frame(frame[["anomalies", "set"]].drop_duplicates())
    return table.reindex(order)[frame["outliers"].unique()]


@pytest.mark.parametrize("name", ["outliers", "texts"])
def test_the_tables_are_those_of_the_records(name):
    for (group, which), row in _table(name).iterrows():
        cells = " | ".join("-" if pd.isna(value) else f"{value:.1f}" for value in row)
        assert f"| {group} | {which} | {cells} |" in SAID


def test_what_is_said_of_outliers_is_what_was_measured():
    areas = _table("outliers")
    means = areas.groupby(level=0).mean()
    for source, said in (
        ("none", "{:.1f} (yours), {:.1f} (near) and {:.1f} (far) without"),
        ("photo-china", "reaches {:.1f}, {:.1f} and {:.1f}"),
        ("tiny-imagenet-32-no-cifar10", "Tiny ImageNet reaches {:.1f}, {:.1f} and {:.1f}"),
    ):
        assert said.format(*means.loc[["yours", "near", "far"], source]) in SAID
    assert (means.drop(columns="none").gt(means["none"], axis=0)).all(axis=None)
    near, asked = means.loc["near"], areas.loc["yours"].dropna().mean()
    assert near.idxmax() == "textures" and asked.idxmax() == "tiny-imagenet-32-no-cifar10"
    assert f"textures ({near['textures']:.1f}) a little before Tiny ImageNet ({near[asked.idxmax()]:.1f})" in SAID
    assert f"({asked['textures']:.1f} against {asked.max():.1f}, over the sets that all were asked about)" in SAID
    streets = areas.loc[("yours", "unplanned")]
    assert streets["textures"] <= streets["none"] and f"with an AUROC of {streets.max():.1f} at best" in SAID


def test_what_is_said_of_texts_and_of_false_alarms_is_what_was_measured():
    gains = _table("texts").diff(axis=1).iloc[:, -1]
    assert f"all five sets, {gains.min():.1f} to {gains.max():.1f} points of AUROC" in SAID and len(gains) == 5
    rates = pd.read_csv(OWN / "threshold.csv")
    assert rates["asked for"].tolist() == [1, 5, 10]
    assert "let {:.1f}, {:.1f} and {:.1f} percent of 1,754 fresh".format(*rates["fresh that ring"]) in SAID
    assert rates["fresh that ring"].between(rates["fresh, from"], rates["to "]).all()


def test_what_is_said_of_drift_is_what_was_measured():
    drift = pd.read_csv(OWN / "drift.csv").set_index(["network", "severity"])[["rings", "right"]]
    ends = {name: drift.loc[(name, 5)] for name in drift.index.unique(0)}
    begin, (without, exposed) = drift.loc[("outliers: textures", 0)].iloc[0], ends.values()
    span = lambda values, digits: f"{values.min():.{digits}f} and {values.max():.{digits}f}"  # noqa: E731
    assert f"falls from {begin['right']:.0f} to between {span(exposed['right'], 0)} percent" in SAID
    assert f"to between {span(without['right'], 0)}." in SAID
    assert f"rise from {begin['rings']:.1f} to between {span(exposed['rings'], 1)} percent" in SAID
    assert f"stays between {span(without['rings'], 1)}, silent" in SAID


def test_every_network_is_there_with_its_stamp():
    runs = evidence_of(OWN)["runs"]
    learned = [(run["recipe"]["name"], run["recipe"]["outliers"]) for run in runs]
    assert {outliers for name, outliers in learned if name.startswith("intel-scenes") and "without" not in name} == {
        None, "photo-china", "textures", "tiny-imagenet-32-no-cifar10",
    }  # fmt: skip
    assert {outliers for name, outliers in learned if name.startswith("trec")} == {None, "wikitext-2"}
    assert all(run["dirty"] is False and run["data"]["inliers"]["fingerprint"] for run in runs)
