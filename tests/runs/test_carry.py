"""Runs carried in archives: whole or refused, within the size, and nothing that is there is overwritten."""

import io
import os
import shutil
import tarfile

import pytest
import torch

from oe_core.atomic import digest_of, owned_name, read_record, write_record, write_sealed
from oe_core.detectors.registry import experiment
from oe_core.runs import carry, checkpoint
from oe_core.runs.carry import STAGING, CarryError, known, pack, unpack
from oe_core.runs.checkpoint import FileCheckpoint
from oe_core.runs.engine import jobs
from oe_core.runs.store import CHECKPOINT, STAMP, WEIGHTS, Store

PLAN = experiment("digits", "smoke")
MOST = 2**20


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """The folder of a store with two finished runs, one of them with scores, and one begun."""
    root = tmp_path_factory.mktemp("made")
    store = Store(root)
    run = store.run(PLAN.exposed)
    store.kept(run, "noise", "seed 0", lambda: run.weights["head.weight"].numpy())
    begin(root, PLAN.baseline.with_seed(7), epoch=1)
    return root


def begin(root, recipe, epoch, step=0):
    """A run that has only a checkpoint."""
    (job,) = jobs(Store(root), [recipe])
    saved = FileCheckpoint(job.folder / CHECKPOINT, job.identity, None)
    saved.save({"epoch": epoch, "step": step, "model": {}})
    return job.folder


@pytest.fixture
def archives(made, tmp_path):
    trained = made / "trained"
    return pack(trained, known(trained), tmp_path / "archives", MOST)


def contents(trained):
    return {path.relative_to(trained).as_posix(): path.read_bytes() for path in trained.rglob("*.*")
            if path.is_file() and ".locks" not in path.parts}  # fmt: skip


def test_what_is_packed_comes_out_byte_for_byte(made, archives, tmp_path):
    became = unpack(archives, tmp_path / "new" / "trained")
    assert set(became) == set(known(made / "trained"))
    assert set(became.values()) == {"taken in"}
    assert contents(tmp_path / "new" / "trained") == contents(made / "trained")
    assert Store(tmp_path / "new").run(PLAN.exposed).stamp == Store(made).run(PLAN.exposed).stamp


def test_an_archive_is_no_larger_than_asked_and_a_large_file_is_cut(made, tmp_path):
    folder = begin(tmp_path / "large", PLAN.baseline, epoch=0)
    payload = bytes(range(256)) * 12_000  # 3 MB
    FileCheckpoint(folder / CHECKPOINT, jobs(Store(tmp_path), [PLAN.baseline])[0].identity, None).save(
        {"epoch": 0, "step": 0, "model": {"bytes": list(payload[:10])}, "ballast": payload.hex()}
    )
    archives = pack(tmp_path / "large" / "trained", [folder.name], tmp_path / "cut", MOST)
    assert len(archives) > 5
    assert all(archive.stat().st_size <= MOST for archive in archives)
    unpack(archives[::-1], tmp_path / "new")
    assert contents(tmp_path / "new") == contents(tmp_path / "large" / "trained")


def test_without_all_archives_nothing_is_taken_and_it_is_said(tmp_path):
    folder = begin(tmp_path / "large", PLAN.baseline, epoch=0)
    FileCheckpoint(folder / CHECKPOINT, "0" * 64, None).save({"epoch": 0, "step": 0, "ballast": "x" * 3_000_000})
    archives = pack(tmp_path / "large" / "trained", [folder.name], tmp_path / "cut", MOST)
    with pytest.raises(CarryError, match=rf"cut: holds {len(archives) - 1} of {len(archives)} archives; give all"):
        unpack(archives[:-1], tmp_path / "new")
    with pytest.raises(CarryError, match=r"runs-0003\.pack: is part 3 of \d, expected is part 2 of one packing; give"):
        unpack([archives[0], *archives[2:]], tmp_path / "new")
    other = pack(tmp_path / "large" / "trained", [folder.name], tmp_path / "other", 2 * MOST)
    with pytest.raises(CarryError, match=r"runs-0002\.pack: is part 2 of \d, expected is part 2 of one packing"):
        unpack([archives[0], other[1]], tmp_path / "new")
    assert contents(tmp_path / "new") == {}
    assert not list((tmp_path / "new").glob(".unpack*"))


def test_a_second_time_changes_nothing(archives, tmp_path):
    unpack(archives, tmp_path / "new")
    before = contents(tmp_path / "new")
    became = unpack(archives, tmp_path / "new")
    assert sorted(set(became.values())) == ["already here", "left out: it is as far here"]
    assert contents(tmp_path / "new") == before


def test_another_result_of_the_same_run_stays(made, archives, tmp_path):
    unpack(archives, tmp_path / "new")
    run = Store(tmp_path).place(PLAN.baseline)[1].name
    other = tmp_path / "new" / run
    weights = (other / WEIGHTS).read_bytes()
    forge(other, weights + b" ")
    before = contents(tmp_path / "new")
    assert unpack(archives, tmp_path / "new")[run] == "left out: another result of the same run is here"
    assert contents(tmp_path / "new") == before


def forge(run, weights):
    """Give a finished run other weights, whose stamp vouches for them."""
    from oe_core.atomic import read_record, write_record, write_whole

    stamp = read_record(run / STAMP)
    stamp["files"][WEIGHTS] = {"sha256": write_whole(run / WEIGHTS, weights), "bytes": len(weights)}
    write_record(run / STAMP, stamp)


def test_of_two_begun_runs_the_further_one_counts_and_the_other_is_kept(tmp_path):
    ours, theirs = (begin(tmp_path / root, PLAN.baseline, epoch) for root, epoch in (("ours", 1), ("theirs", 2)))
    before = (ours / CHECKPOINT).read_bytes()
    further = pack(theirs.parent, [theirs.name], tmp_path / "a", MOST)
    nearer = pack(ours.parent, [ours.name], tmp_path / "b", MOST)
    assert unpack(nearer, theirs.parent) == {ours.name: "left out: it is as far here"}
    assert "checkpoint.pt.before-1" in unpack(further, ours.parent)[ours.name]
    assert checkpoint.read(ours / CHECKPOINT)["state"]["epoch"] == 2
    assert (ours / "checkpoint.pt.before-1").read_bytes() == before


def test_a_finished_run_takes_the_place_of_a_begun_one_which_is_kept(made, tmp_path):
    ours = begin(tmp_path / "ours", PLAN.baseline, epoch=1)
    before = (ours / CHECKPOINT).read_bytes()
    unpack(pack(made / "trained", [ours.name], tmp_path / "a", MOST), ours.parent)
    assert Store(tmp_path / "ours").run(PLAN.baseline).stamp == Store(made).run(PLAN.baseline).stamp
    assert not (ours / CHECKPOINT).exists()
    assert (ours / "checkpoint.pt.before-1").read_bytes() == before


def test_damage_in_an_archive_is_named_and_nothing_is_taken(archives, tmp_path):
    content = bytearray(archives[0].read_bytes())
    content[len(content) // 2] ^= 1
    archives[0].write_bytes(content)
    with pytest.raises(CarryError, match=r"runs-0001\.pack is damaged: .*; carry the archive again"):
        unpack(archives, tmp_path / "new")
    assert contents(tmp_path / "new") == {}


@pytest.mark.parametrize(
    "path", ["../run/run.json", "/run/run.json", "run/../../x/run.json", "run/other.py", ".locks/run.json"]
)
def test_what_is_no_file_of_a_run_is_refused(path, tmp_path):
    archive = forged(tmp_path / "archives", tarfile.TarInfo(path))
    with pytest.raises(CarryError, match="is no file of a run"):
        unpack([archive], tmp_path / "new" / "trained")
    assert not list((tmp_path / "new" / "trained").iterdir()) and len(list(tmp_path.rglob("*.json"))) == 0


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.DIRTYPE])
def test_what_is_no_file_at_all_is_refused(kind, tmp_path):
    member = tarfile.TarInfo("run/run.json")
    member.type, member.linkname = kind, "/etc/hostname"
    with pytest.raises(CarryError, match="is no file of a run"):
        unpack([forged(tmp_path, member)], tmp_path / "new")


def forged(folder, member):
    """An archive of one member, with a right seal and head."""
    tar = io.BytesIO()
    with tarfile.open(fileobj=tar, mode="w") as archive:
        archive.addfile(member)
    return sealed(folder, tar.getvalue())


def sealed(folder, whole):
    write_sealed(folder / "runs-0001.pack", f"part 1 of 1 of {digest_of(whole)}\n".encode() + whole)
    return folder / "runs-0001.pack"


def test_a_right_seal_around_what_holds_no_runs_is_refused(tmp_path):
    for content in (b"no tar", b""):
        with pytest.raises(CarryError, match=r"runs-0001\.pack: holds no runs \(.*\); carry it again"):
            unpack([sealed(tmp_path, content)], tmp_path / "new")
    write_sealed(tmp_path / "runs-0001.pack", b"something else")
    with pytest.raises(CarryError, match=r"runs-0001\.pack: is no archive of `make pack`"):
        unpack([tmp_path / "runs-0001.pack"], tmp_path / "new")


@pytest.mark.parametrize("content", [b"", b"no tar", b"\0" * 10_240], ids=["empty", "no tar", "a tar of nothing"])
def test_what_is_no_archive_is_named(content, tmp_path):
    (tmp_path / "runs-0001.pack").write_bytes(content)
    with pytest.raises(CarryError, match=r"runs-0001\.pack"):
        unpack([tmp_path / "runs-0001.pack"], tmp_path / "new")


def test_a_forged_stamp_is_refused(made, archives, tmp_path):
    copy = tmp_path / "copy"
    shutil.copytree(made / "trained", copy)
    run = next(copy.glob("digits-oe-*"))
    (run / STAMP).write_text((run / STAMP).read_text().replace('"seconds"', '"minutes"'))
    with pytest.raises(CarryError, match=r"digits-oe-.*run\.json is damaged"):
        unpack(pack(copy, [run.name], tmp_path / "a", MOST), tmp_path / "new")


def test_a_sealed_checkpoint_that_is_none_is_refused_in_words(tmp_path):
    folder = begin(tmp_path / "odd", PLAN.baseline, epoch=0)
    FileCheckpoint(folder / CHECKPOINT, "0" * 64, None).save({"no": "epoch"})
    with pytest.raises(CarryError, match=rf"{folder.name}: .* \(KeyError: 'epoch'\); carry it again"):
        unpack(pack(folder.parent, [folder.name], tmp_path / "a", MOST), tmp_path / "new")


@pytest.mark.parametrize("state", [{"epoch": "9", "step": 0}, {"epoch": torch.ones(2), "step": 0}])
def test_odd_facts_under_a_right_seal_are_refused_in_words(made, tmp_path, state):
    folder = begin(tmp_path / "odd", PLAN.baseline, epoch=0)
    FileCheckpoint(folder / CHECKPOINT, "0" * 64, None).save(state)
    with pytest.raises(CarryError, match=rf"{folder.name}: .* \(TypeError: epoch is of the type .*\); carry it again"):
        unpack(pack_unasked(folder.parent, tmp_path / "a"), tmp_path / "new")
    shutil.copytree(made / "trained", tmp_path / "copy")
    run = next((tmp_path / "copy").glob("digits-oe-*"))
    write_record(run / STAMP, {**read_record(run / STAMP), "identity": 3})
    with pytest.raises(CarryError, match=r"TypeError: identity is of the type int"):
        unpack(pack_unasked(tmp_path / "copy", tmp_path / "b", [run.name]), tmp_path / "new")


def pack_unasked(trained, target, runs=None):
    """As `pack` of somebody who does not look at what is packed."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(carry, "_stamp", lambda run: True)
        return pack(trained, runs or known(trained), target, MOST)


def test_a_member_that_claims_more_than_it_holds_is_refused(tmp_path):
    member = tarfile.TarInfo("run/run.json")
    member.type = tarfile.GNUTYPE_SPARSE
    header = bytearray(member.tobuf(tarfile.GNU_FORMAT))
    claimed = tarfile.itn(3 << 30, 12, tarfile.GNU_FORMAT)  # 3 GB of nothing
    header[386:410], header[483:495] = claimed + tarfile.itn(0, 12, tarfile.GNU_FORMAT), claimed
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\0 " % sum(header[:512])
    with pytest.raises(CarryError, match="'run/run.json' is no file of a run"):
        unpack([sealed(tmp_path, bytes(header) + bytes(10_240))], tmp_path / "new")


def test_what_a_killed_call_left_is_removed_by_the_next(archives, tmp_path):
    left = tmp_path / "new" / f"{STAGING}{owned_name().replace(str(os.getpid()), '999999999')}"
    (left / "run").mkdir(parents=True)
    unpack(archives, tmp_path / "new")
    assert not list((tmp_path / "new").glob(f"{STAGING}*"))


def test_names_from_outside_are_shown_and_not_obeyed(tmp_path, capsys):
    (tmp_path / "x\x1b[31mred").mkdir()
    assert carry.main(["unpack", str(tmp_path / "x\x1b[31mred"), "--scale", "smoke"]) == 2
    with pytest.raises(CarryError) as refused:
        unpack([forged(tmp_path, tarfile.TarInfo("x\x9b31m/run.json"))], tmp_path / "new")
    assert r"x\x1b[31mred holds no archive" in capsys.readouterr().err and r"x\x9b31m" in str(refused.value)


def test_wrong_requests_are_refused_in_words(made, tmp_path):
    trained = made / "trained"
    with pytest.raises(ValueError, match=r"runs=\['none'\]: choose from digits-"):
        pack(trained, ["none"], tmp_path, MOST)
    with pytest.raises(ValueError, match=r"none, .* holds no run"):
        pack(tmp_path, [], tmp_path, MOST)
    pack(trained, known(trained), tmp_path / "full", MOST)
    with pytest.raises(ValueError, match=r"holds runs-0001\.pack already; choose an empty folder"):
        pack(trained, known(trained), tmp_path / "full", MOST)
    with pytest.raises(ValueError, match="most=1000 bytes are too few"):
        pack(trained, known(trained), tmp_path, 1000)


def test_the_command_packs_here_and_unpacks_there(made, tmp_path, monkeypatch, capsys):
    (tmp_path / "here").mkdir()
    (tmp_path / "here" / "smoke").symlink_to(made)
    monkeypatch.setenv("OE_RUNS", str(tmp_path / "here"))
    assert carry.main(["pack", str(tmp_path / "a"), "--scale", "smoke", "--run", "digits-oe-*", "--most", "1M"]) == 0
    monkeypatch.setenv("OE_RUNS", str(tmp_path / "there"))
    assert carry.main(["unpack", str(tmp_path / "a"), "--scale", "smoke"]) == 0
    assert "taken in" in capsys.readouterr().out
    assert carry.main(["unpack", str(tmp_path / "nothing"), "--scale", "smoke"]) == 2
    assert "holds no archive" in capsys.readouterr().err
