"""MNIST, its relatives and Omniglot: grey images of section 5; sizes and digests as in `photographs`."""

from oe_core.data.catalog.row import BOTH, TEST, DataFile, DataSet, Source, hosted, read_by
from oe_core.data.readers.arrays import read_idx
from oe_core.data.readers.pictures import OMNIGLOT_LEFT_OUT, read_omniglot

FASHION_CLASSES = (
    *("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat"),
    *("Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"),
)


def _idx_files(hosts: tuple[str, ...], *entries) -> tuple[DataFile, ...]:
    names = ("train-images-idx3", "train-labels-idx1", "t10k-images-idx3", "t10k-labels-idx1")
    return hosted(hosts, *((f"{name}-ubyte.gz", *entry) for name, entry in zip(names, entries, strict=True)))


def _idx(**settings) -> dict[str, Source]:
    def part(prefix: str) -> Source:
        return read_by(read_idx, f"{prefix}-images-idx3-ubyte.gz", f"{prefix}-labels-idx1-ubyte.gz", **settings)

    return {"train": part("train"), "test": part("t10k")}


# An entry of files is bytes, digest; rows are kept packed, which a formatter would take apart.
# fmt: off
GREY = (
    DataSet(
        "mnist", "MNIST", "MNIST", "open", "images", {"train": 60000, "test": 10000}, "none found",
        "fetch the four idx files from a copy of MNIST",
        "LeCun et al. 1998, Gradient-based learning applied to document recognition",
        "in section 5 alone, without a table",
        # yann.lecun.com, the first host, refuses programs (403) and is left out.
        _idx_files(
            ("https://ossci-datasets.s3.amazonaws.com/mnist/", "https://storage.googleapis.com/cvdf-datasets/mnist/"),
            (9912422, "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609"),
            (28881, "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c"),
            (1648877, "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6"),
            (4542, "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6"),
        ), _idx(), needs={"course": BOTH}, subject="characters",
    ),
    DataSet(
        "fashion-mnist", "Fashion-MNIST", "Fashion-MNIST", "open", "images", {"train": 60000, "test": 10000},
        "MIT", "fetch the four idx files from github.com/zalandoresearch/fashion-mnist",
        "Xiao et al. 2017, Fashion-MNIST: a novel image dataset for benchmarking machine learning algorithms",
        "its files have the names of MNIST's: keep the folders apart", _idx_files(
            # Buckets that are websites know no https.
            ("https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/",
             "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",),
            (26421880, "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84"),
            (29515, "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845"),
            (4422102, "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073"),
            (5148, "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5"),
        ), _idx(classes=FASHION_CLASSES), needs={"course": TEST, "paper": TEST}, subject="clothes",
    ),
    DataSet(
        "notmnist", "notMNIST", "notMNIST, a sample of 10,000 glyphs A to J", "open", "images", {"test": 10000},
        "none stated for the glyphs", "fetch t10k-images-idx3-ubyte.gz from github.com/davidflanagan/notMNIST-to-MNIST",
        "Bulatov 2011, notMNIST dataset", "the paper's code reads a course's pickle, another sample of the same glyphs",
        hosted("https://raw.githubusercontent.com/davidflanagan/notMNIST-to-MNIST/master/",
               ("t10k-images-idx3-ubyte.gz", 3172375,
                "70ae9e06201f2827e5b0a3781a3169d735dd2efc69996b9eeaee7f10ed4044d7")),
        {"test": read_by(read_idx, "t10k-images-idx3-ubyte.gz", classes=("unlabelled",))},
        needs={"course": TEST}, stand_ins=("font-letters",), unlike="another sample", subject="characters",
    ),
    DataSet(
        "omniglot", "Omniglot", "Omniglot, the background alphabets that look unlike digits", "open", "images",
        {"test": 9760}, "MIT", "fetch images_background.zip from github.com/brendenlake/omniglot",
        "Lake et al. 2015, Human-level concept learning through probabilistic program induction",
        "15 of the 30 background alphabets are left out, as in the paper's code",
        hosted("https://github.com/brendenlake/omniglot/raw/master/python/",
               ("images_background.zip", 9464212, "ad41ab679c8b5d90b271ef46be6987cc81211774a695c29dcc5367b2b26ee640")),
        {"test": read_by(read_omniglot, "images_background.zip", decodes=True)},
        needs={"course": TEST}, left_out=OMNIGLOT_LEFT_OUT, subject="characters",
    ),
)
# fmt: on
