"""The photographs of the catalog, digits and letters in them included, and the icons that are tested beside them.

Sizes and digests are those that torchvision (md5), TensorFlow Datasets (sha256, bytes) and pytorch-ood publish for the
owners' files, or were computed from the file in the named public repository; the stronger digest where there are two.
Terms and counts that could not be read at their source are called unverified or left None.
"""

from oe_core.data.catalog.row import BOTH, TEST, DataSet, either, hosted, read_by, split_by
from oe_core.data.readers import pictures
from oe_core.data.readers.arrays import read_svhn
from oe_core.data.readers.small_images import read_cifar

IMAGENET_TERMS = "ImageNet terms: non-commercial research and education, no redistribution"
ZHOU = "Zhou et al. 2017, Places: a 10 million image database for scene recognition"
YU = "Yu et al. 2015, LSUN: construction of a large-scale image dataset with humans in the loop"
PLACES_LISTS = "filelist_places365-standard.tar"
LSUN = "http://dl.yf.io/lsun/scenes/"
LSUN_VAL = {
    "bedroom": (4670661, "5d022e781b241c25ec2e1f1f769afcdb8091d7fd58362667aec03137b8114b12"),
    "bridge": (6176834, "83216a2974d6068c2e1d18086006e7380ff58540216f955ce87fe049b460cb0d"),
    "church_outdoor": (5957308, "34635b7547a3e51a15f942a4a4082dd6bc9cca381a953515cb2275c0eed50584"),
    "classroom": (5880261, "5e0e9a375d94091dfe1fa3be87d4a92f41c03f1c0b8e376acc7e05651de512d7"),
    "conference_room": (5316084, "927c94df52e10b9b374748c2b83b28b5860e946b3186dfd587985e274834650f"),
    "dining_room": (5301030, "bd604d4b91bb5a9611d4e0b85475efd20758390d1a4eb57b53973fcbb5aa8ab6"),
    "kitchen": (4867891, "329165f35ec61c4cf49f809246de300b8baad3ffcbda1ac30c27bdd32c84369a"),
    "living_room": (5167755, "30a23d9a3db5414e9c97865f60ffb2ee973bfa658a23dbca7188ea514c97c9fc"),
    "restaurant": (6232385, "efaa7bcb898ad6cb73b07b89fec3a9c670f4622912eea22fab3986c2cf9a1c20"),
    "tower": (5223709, "7f5257847bc01f4e40d4a1b3e24dd8fcd37063f12ca8cf31e726c2ee0b1ae104"),
}


# An entry of `hosted` is name, bytes, digest; rows are kept packed, which a formatter would take apart.
# fmt: off
def _cifar(key: str, printed: str, title: str, size: int, sha256: str) -> DataSet:
    # The binary archives: the better known python ones are pickles.
    file = f"{printed.lower()}-binary.tar.gz"
    return DataSet(
        key, printed, title, "open", "images", {"train": 50000, "test": 10000},
        "none stated; cite the technical report",
        "fetch the binary version from https://www.cs.toronto.edu/~kriz/cifar.html",
        "Krizhevsky and Hinton 2009, Learning multiple layers of features from tiny images",
        "its pictures were drawn from the collection that became 80 Million Tiny Images",
        hosted("https://www.cs.toronto.edu/~kriz/", (file, size, sha256)), split_by(read_cifar, file, BOTH),
        needs={"course": BOTH}, subject="objects",
    )


PHOTOGRAPHS = (
    DataSet(
        "svhn", "SVHN", "Street View House Numbers, cropped digits", "open", "images",
        {"train": 604388, "test": 26032}, "non-commercial use (unverified)",
        "fetch the .mat files of format 2 from https://ufldl.stanford.edu/housenumbers/",
        "Netzer et al. 2011, Reading digits in natural images with unsupervised feature learning",
        "train is train_32x32.mat and extra_32x32.mat joined, 1.9 GB in memory", hosted(
            either("ufldl.stanford.edu/housenumbers/"),
            ("train_32x32.mat", 182040794, "435e94d69a87fde4fd4d7f3dd208dfc32cb6ae8af2240d066de1df7508d083b8"),
            ("test_32x32.mat", 64275384, "cdce80dfb2a2c4c6160906d0bd7c68ec5a99d7ca4831afa54f09182025b6a75b"),
            ("extra_32x32.mat", 1329278602, "a133a4beb38a00fcdda90c9489e0c04f900b660ce8a316a5e854838379a71eb3"),
        ),
        {"train": read_by(read_svhn, "train_32x32.mat", "extra_32x32.mat"),
         "test": read_by(read_svhn, "test_32x32.mat")}, needs={"course": TEST}, stand_ins=("chars74k", "digits"),
        subject="characters",
    ),
    _cifar("cifar10", "CIFAR-10", "CIFAR-10", 170052171,
           "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd"),
    _cifar("cifar100", "CIFAR-100", "CIFAR-100, fine labels", 168513733,
           "58a81ae192c23a4be8b1804d68e518ed807d710a4eb253b1f2a199162a40d8ec"),
    DataSet(
        "tiny-imagenet", "Tiny ImageNet", "Tiny ImageNet, 200 classes at 64x64", "open", "images",
        {"train": 100000, "test": 10000}, IMAGENET_TERMS,
        "fetch tiny-imagenet-200.zip from https://cs231n.stanford.edu/",
        "Johnson et al., Tiny ImageNet visual recognition challenge",
        "test is the archive's labelled val split; its test split has no labels",
        hosted(either("cs231n.stanford.edu/"),
               ("tiny-imagenet-200.zip", 248100043, "90528d7ca1a48142e341f4ef8d21d0de")),
        split_by(pictures.read_tiny_imagenet, "tiny-imagenet-200.zip", BOTH, decodes=True),
        needs={"course": BOTH}, stand_ins=("tiny-imagenet-32",), subject="objects",
    ),
    DataSet(
        "places365", "Places365", "Places365-Standard at 256x256", "open", "images",
        {"train": 1803460, "test": 36500}, "research, non-commercial (unverified)",
        "fetch the small-image archives and the ResNet-18 weights from http://places2.csail.mit.edu/download.html",
        ZHOU, "test is the val split; which pictures the paper drew from it is not recorded. The server is often down",
        hosted(
            either("data.csail.mit.edu/places/places365/"),
            ("val_256.tar", 525158400, "24b4e639ef12a0012af525bc4cb443e4ab4aaea8369a1fb009b70e4a4aad5d48"),
            (PLACES_LISTS, 67498496, "520699e00d69b63ddc29fac54645aa00ce1c10ca42e288960aa1cf791d6e9aa9"),
            ("train_256_places365standard.tar", 26103685120,
             "0ade5d7d38c682aa0203014a2b99ad3bf608bf1de0f151dc0d80efba54660a0a"),
            # The weights are a pickle without a published hash: never fetched, read with weights_only if put in place.
        ) + hosted("http://places2.csail.mit.edu/models_places365/", ("resnet18_places365.pth.tar",)),
        {"train": read_by(pictures.read_places365_train, "train_256_places365standard.tar", PLACES_LISTS, decodes=True),
         "test": read_by(pictures.read_places365_val, "val_256.tar", PLACES_LISTS, decodes=True)},
        needs={"course": TEST, "paper": (*BOTH, "resnet18_places365.pth.tar")},
        stand_ins=("places-mini", "intel-scenes"), subject="scenes",  # MiniPlaces is a part of Places2
    ),
    DataSet(
        "places69", "Places69", "Places-Extra69, scenes outside Places365", "by-hand", "images",
        {"train": None, "test": None}, "research, non-commercial (unverified)",
        "get the Places-Extra69 archive from http://places2.csail.mit.edu/download.html and put its pictures "
        "as class folders into OE_DATA/places69/train and OE_DATA/places69/test", ZHOU,
        "the paper tests on its train and test pictures together; no file name, size or hash is published",
        subject="scenes",
    ),
    DataSet(
        "lsun", "LSUN", "LSUN scenes, test", "by-hand", "images", {"test": 10000}, "none found",
        f"fetch {LSUN}test_lmdb.zip; the book does not, because no hash is published", YU,
        "not the cropped or resized LSUN of the ODIN paper", hosted(LSUN, ("test_lmdb.zip",)),
        {"test": read_by(pictures.read_lsun, "test_lmdb.zip", decodes=True)},
        stand_ins=("lsun-val", "lsun-categories", "scene15"), subject="scenes",
    ),
    DataSet(
        "lsun-val", "LSUN val", "LSUN scenes, the ten validation sets", "open", "images", {"test": 3000},
        "none found", f"fetch the ten <scene>_val_lmdb.zip from {LSUN}", YU,
        "3000 pictures are enough at 1:5 beside CIFAR and Tiny ImageNet, not beside SVHN (5206)",
        hosted(LSUN, *((f"{scene}_val_lmdb.zip", size, sha) for scene, (size, sha) in LSUN_VAL.items())),
        {"test": read_by(pictures.read_lsun, *(f"{scene}_val_lmdb.zip" for scene in LSUN_VAL), decodes=True)},
        needs={"course": TEST}, in_paper=False, subject="scenes",
    ),
    # Its keycap digits are no anomalies among digits (hendrycks/outlier-exposure SVHN/test.py, which squashes it, too).
    DataSet(
        "icons", "Icons-50", "Icons-50, without the Number class", "by-hand", "images", {"test": None},
        "unclear: the emoji drawings belong to their vendors",
        "get Icons-50 by the links in the README of github.com/hendrycks/robustness and put its class folders, "
        "without the one for numbers, into OE_DATA/icons/test",
        "Hendrycks and Dietterich 2018, Benchmarking neural network robustness (an older draft)",
        "no stable address and no hash; other icons, as a folder of the reader's, go under the name emoji",
        needs={"course": ()}, stand_ins=("emoji",), squash=True, left_out=("numbers",), subject="drawings",
    ),
    DataSet(
        "textures", "Textures", "Describable Textures Dataset, all 47 classes", "open", "images", {"test": 5640},
        "research use (unverified)", "fetch dtd-r1.0.1.tar.gz from https://www.robots.ox.ac.uk/~vgg/data/dtd/",
        "Cimpoi et al. 2014, Describing textures in the wild", "all pictures are tested on, not one of its splits",
        hosted("https://www.robots.ox.ac.uk/~vgg/data/dtd/download/",
               ("dtd-r1.0.1.tar.gz", 625239812, "e42855a52a4950a3b59612834602aa253914755c95b0cff9ead6d07395f8e205")),
        {"test": read_by(pictures.read_textures, "dtd-r1.0.1.tar.gz", decodes=True)}, needs={"course": TEST},
        subject="textures",
    ),
    DataSet(
        "chars74k", "Chars74K", "Chars74K, English characters in photographs", "open", "images", {"test": None},
        "research use (unverified)", "fetch EnglishImg.tgz from http://www.ee.surrey.ac.uk/CVSSP/demos/chars74k/",
        "de Campos et al. 2009, Character recognition in natural images",
        "digits and letters that look like them are left out; the paper's list of them is not published",
        hosted("http://www.ee.surrey.ac.uk/CVSSP/demos/chars74k/",
               ("EnglishImg.tgz", None, "85d157e0c58f998e1cda8def62bcda0d")),
        {"test": read_by(pictures.read_chars74k, "EnglishImg.tgz", decodes=True)},
        needs={"course": TEST}, stand_ins=("font-letters",), left_out=pictures.CHARS74K_REMOVED,
        unlike="classes of a list that is not published", subject="characters",
    ),
)
# fmt: on
