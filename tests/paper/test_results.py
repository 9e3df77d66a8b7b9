"""What was measured: evaluations and their variants, their evidence, ledgers and figures, and what is damaged."""

import json
from hashlib import sha256

import pytest
from saved_records import saved

from oe_core.paper import results
from oe_core.paper.results import sources


def test_a_folder_named_after_another_one_is_a_variant_of_it(tmp_path):
    for name in ("branch", "branch-fast", "branch-fast-again", "branches"):
        saved(tmp_path / name)
    found = {source.name: source.variant for source in sources(tmp_path)}
    assert found == {"branch": "", "branch-fast": "fast", "branch-fast-again": "fast-again", "branches": ""}


def test_hours_count_a_network_once_though_two_evaluations_ask_it(tmp_path):
    stamp = {"identity": "a", "seconds": 1800, "device": {"name": "a processor", "threads": 2},
             "packages": {"torch": "2"}, "commit": "0123456789"}  # fmt: skip
    for name in ("one", "two"):
        folder = saved(tmp_path / name)
        (folder / "evidence.json").write_text(json.dumps({"runs": [stamp]}))
    table = results.evidence_table(sources(tmp_path))
    assert table["hours"].tolist() == [0.5, 0.5] and table.attrs["hours"] == 0.5
    one = table.loc["one"]
    assert (one["seeds"], one["draws"], one["networks"], one["hardware"]) == (3, 1, 1, "a processor, 2 threads")


def test_a_missing_folder_and_damaged_evidence_are_refused(tmp_path):
    with pytest.raises(ValueError, match="nothing is no folder; give folders below which evaluations were saved"):
        sources(tmp_path, tmp_path / "nothing")
    evidence = saved(tmp_path / "one") / "evidence.json"
    for content in (b"{", b"\xff"):
        evidence.write_bytes(content)
        with pytest.raises(ValueError, match=r"one/evidence.json is damaged .* build the chapter that wrote it again"):
            sources(tmp_path)


def test_records_that_are_not_those_of_their_evidence_are_refused(tmp_path):
    path = saved(tmp_path / "one") / "records.csv"
    whole = path.read_bytes()
    (tmp_path / "one" / "evidence.json").write_text(json.dumps({"records_sha256": sha256(whole).hexdigest()}))
    (source,) = sources(tmp_path)
    assert len(source.records) == whole.count(b"\n") - 1
    path.write_bytes(whole[: whole.rindex(b"\n", 0, -1) + 1])  # a row less, which no reader of tables sees
    with pytest.raises(ValueError, match=r"one/records.csv is damaged.*; build the chapter that wrote it again"):
        _ = sources(tmp_path)[0].records


def test_damaged_records_without_evidence_and_a_damaged_ledger_are_named(tmp_path):
    (saved(tmp_path / "one") / "records.csv").write_bytes(b"table,in_dist\n\xff,2\n")
    with pytest.raises(ValueError, match=r"one/records.csv: .*; build the chapter that wrote it again"):
        _ = sources(tmp_path)[0].records
    (tmp_path / "one" / "ledger.csv").write_text("claim,te")
    with pytest.raises(ValueError, match=r"one/ledger.csv is damaged .*: its last line has no end.; build the chapter"):
        results.ledgers(tmp_path)


def test_the_first_picture_of_each_figure_is_taken(tmp_path):
    for path in ("a/figure_2_cifar10.png", "b/x/figure_2.png", "b/figure_4.png", "b/figure_9.png"):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).touch()
    found = results.printed_figures(tmp_path / "a", tmp_path / "b")
    assert found == {2: tmp_path / "a/figure_2_cifar10.png", 4: tmp_path / "b/figure_4.png"}
    (tmp_path / "a/figure_2_Blobs.png").touch()  # generated anomalies, the easy ones, come after others
    assert results.printed_figures(tmp_path / "a")[2] == tmp_path / "a/figure_2_cifar10.png"


def test_the_claims_of_every_build_are_listed_with_where_they_stand(tmp_path):
    assert results.ledgers(tmp_path).empty
    for build, held in (("one", "yes"), ("two", "no")):
        (tmp_path / build / "design").mkdir(parents=True)
        rows = f"OE helps another architecture,one,1,{held}\nOE cooks,two,2,no\n"
        (tmp_path / build / "design" / "ledger.csv").write_text(f"claim,test,number,held\n{rows}")
    listed = results.ledgers(tmp_path / "one", tmp_path / "two")
    assert listed["held"].tolist() == ["yes", "no", "no", "no"] and listed["records"].tolist() == ["design"] * 4
    assert listed["contradicted by"].tolist() == ["an AUROC with OE that is not above that without", ""] * 2


def test_a_verdict_is_said_and_kept_with_its_condition_and_with_what_would_contradict_it(tmp_path):
    ledger = results.Ledger("half of the epochs")
    said = ledger.enter("mnist", "3 sets", "AUPR 1 without, 2 with", True)
    assert said == f"{results.CLAIMS['claim']['mnist']}: held here\n    AUPR 1 without, 2 with"
    assert "did not hold here" in ledger.enter("noise", "", "0", False)
    kept = ledger.save(tmp_path)
    assert kept["test"].tolist() == ["3 sets, half of the epochs", "half of the epochs"]
    assert kept["held"].tolist() == ["yes", "no"] and (kept["contradicted by"] != "").all()
    assert results.ledgers(tmp_path).drop(columns="records").equals(kept)


def test_what_would_contradict_a_claim_is_known_of_every_claim_in_the_reference():
    assert results.CLAIMS["claim"].is_unique and results.CLAIMS.notna().all(axis=None)
    listed = results.ledgers(results.REFERENCE)
    assert len(listed) and (listed["contradicted by"] != "").all()
