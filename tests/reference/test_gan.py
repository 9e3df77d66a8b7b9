"""Table 4 as it was measured, and the READMEs that quote it."""

import pytest
from reference_records import RESULTS, ROOM

from oe_core.evaluation import records
from oe_core.paper import comparison

PICTURES = ["Textures", "intel-scenes", "Chars74K", "emoji", "CIFAR-100"]


@pytest.fixture(scope="module")
def gan_records():
    return records.read(ROOM / "gan-cifar10" / "records.csv")


def test_generated_outliers_beat_none_and_real_ones_beat_generated_ones_in_every_training(gan_records):
    means = gan_records.groupby(["metric", "seed", "method"])["value"].mean().unstack()
    assert len(means) == 3 * 2
    for metric, sign in (("FPR95", -1), ("AUROC", 1), ("AUPR", 1)):
        of_seeds = sign * means.loc[metric]
        assert (of_seeds["MSP"] < of_seeds["+GAN"]).all() and (of_seeds["+GAN"] < of_seeds["+OE"]).all()


def test_a_gan_teaches_noise_and_real_outliers_teach_pictures(gan_records):
    aurocs = gan_records[gan_records["metric"] == "AUROC"].groupby(["out_dist", "method"])["value"].mean().unstack()
    pictures, noise = aurocs.loc[PICTURES].mean(), aurocs.drop(index=PICTURES).mean()
    assert abs(pictures["+GAN"] - pictures["MSP"]) < 0.5 and pictures["+OE"] > pictures["+GAN"] + 7
    assert noise["+GAN"] > noise["MSP"] + 10 and noise["+GAN"] > noise["+OE"] + 5
    for readme in (RESULTS, ROOM / "README.md"):
        text = readme.read_text(encoding="utf-8")
        assert all(f"{pictures[method]:.1f}" in text for method in ("MSP", "+GAN", "+OE"))


def test_the_readmes_quote_table_4(gan_records):
    row = next(row for row in comparison.rendered(comparison.compare(gan_records, 4)).splitlines() if "| Mean |" in row)
    for readme in (RESULTS, ROOM / "README.md"):
        assert row in readme.read_text(encoding="utf-8")
