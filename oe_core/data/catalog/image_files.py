"""The image files of the catalog: where their owners publish them, how long they are, and which hashes prove them.

Sizes and hashes are those that torchvision (md5), TensorFlow Datasets (sha256, bytes) and pytorch-ood publish for the
owners' files, or were computed from the file in the named public repository; None where nobody publishes one.
"""

from oe_core.data.catalog.row import DataFile


def hosted(hosts: str | tuple[str, ...], *entries) -> tuple[DataFile, ...]:
    """The files that lie under their names on each of `hosts`; an entry is name, bytes, md5, sha256, unpack."""
    hosts = (hosts,) if isinstance(hosts, str) else hosts
    return tuple(DataFile(name, tuple(host + name for host in hosts), *rest) for name, *rest in entries)


def _idx_pairs(hosts, *digests) -> tuple[DataFile, ...]:
    names = ("train-images-idx3", "train-labels-idx1", "t10k-images-idx3", "t10k-labels-idx1")
    return hosted(hosts, *((f"{name}-ubyte.gz", *rest) for name, rest in zip(names, digests, strict=True)))


# An entry is name, bytes, md5, sha256; kept as a table, which a formatter would take apart.
# fmt: off
SVHN = hosted(
    "http://ufldl.stanford.edu/housenumbers/",
    ("train_32x32.mat", 182040794, "e26dedcc434d2e4c54c9b2d4a06d8373",
     "435e94d69a87fde4fd4d7f3dd208dfc32cb6ae8af2240d066de1df7508d083b8"),
    ("test_32x32.mat", 64275384, "eb5a983be6a315427106f1b164d9cef3",
     "cdce80dfb2a2c4c6160906d0bd7c68ec5a99d7ca4831afa54f09182025b6a75b"),
    ("extra_32x32.mat", 1329278602, "a93ce644f1a588dc4d68dda5feec44a7",
     "a133a4beb38a00fcdda90c9489e0c04f900b660ce8a316a5e854838379a71eb3"),
)

# The binary archives: the better known python ones are pickles.
CIFAR10 = hosted(
    "https://www.cs.toronto.edu/~kriz/",
    ("cifar-10-binary.tar.gz", 170052171, None, "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd"),
)
CIFAR100 = hosted(
    "https://www.cs.toronto.edu/~kriz/",
    ("cifar-100-binary.tar.gz", 168513733, None, "58a81ae192c23a4be8b1804d68e518ed807d710a4eb253b1f2a199162a40d8ec"),
)

TINY_IMAGENET = hosted(
    "http://cs231n.stanford.edu/",
    ("tiny-imagenet-200.zip", 248100043, "90528d7ca1a48142e341f4ef8d21d0de", None),
)

# The ResNet-18 weights are a pickle without a published hash: never fetched, read with weights_only when put in place.
PLACES365 = hosted(
    "http://data.csail.mit.edu/places/places365/",
    ("val_256.tar", 525158400, "e27b17d8d44f4af9a78502beb927f808",
     "24b4e639ef12a0012af525bc4cb443e4ab4aaea8369a1fb009b70e4a4aad5d48"),
    ("filelist_places365-standard.tar", 67498496, "35a0585fee1fa656440f3ab298f8479c",
     "520699e00d69b63ddc29fac54645aa00ce1c10ca42e288960aa1cf791d6e9aa9"),
    ("train_256_places365standard.tar", 26103685120, "53ca1c756c3d1e7809517cc47c5561c5",
     "0ade5d7d38c682aa0203014a2b99ad3bf608bf1de0f151dc0d80efba54660a0a"),
) + hosted("http://places2.csail.mit.edu/models_places365/", ("resnet18_places365.pth.tar", None, None, None))

# An entry ends in True where the reader needs the archive's members as real files.
LSUN_TEST = hosted("http://dl.yf.io/lsun/scenes/", ("test_lmdb.zip", None, None, None, True))
LSUN_VAL = hosted(
    "http://dl.yf.io/lsun/scenes/",
    *((f"{scene}_val_lmdb.zip", size, None, sha256, True) for scene, size, sha256 in (
        ("bedroom", 4670661, "5d022e781b241c25ec2e1f1f769afcdb8091d7fd58362667aec03137b8114b12"),
        ("bridge", 6176834, "83216a2974d6068c2e1d18086006e7380ff58540216f955ce87fe049b460cb0d"),
        ("church_outdoor", 5957308, "34635b7547a3e51a15f942a4a4082dd6bc9cca381a953515cb2275c0eed50584"),
        ("classroom", 5880261, "5e0e9a375d94091dfe1fa3be87d4a92f41c03f1c0b8e376acc7e05651de512d7"),
        ("conference_room", 5316084, "927c94df52e10b9b374748c2b83b28b5860e946b3186dfd587985e274834650f"),
        ("dining_room", 5301030, "bd604d4b91bb5a9611d4e0b85475efd20758390d1a4eb57b53973fcbb5aa8ab6"),
        ("kitchen", 4867891, "329165f35ec61c4cf49f809246de300b8baad3ffcbda1ac30c27bdd32c84369a"),
        ("living_room", 5167755, "30a23d9a3db5414e9c97865f60ffb2ee973bfa658a23dbca7188ea514c97c9fc"),
        ("restaurant", 6232385, "efaa7bcb898ad6cb73b07b89fec3a9c670f4622912eea22fab3986c2cf9a1c20"),
        ("tower", 5223709, "7f5257847bc01f4e40d4a1b3e24dd8fcd37063f12ca8cf31e726c2ee0b1ae104"),
    )),
)

TEXTURES = hosted(
    "https://www.robots.ox.ac.uk/~vgg/data/dtd/download/",
    ("dtd-r1.0.1.tar.gz", 625239812, "fff73e5086ae6bdbea199a49dfb8a4c1",
     "e42855a52a4950a3b59612834602aa253914755c95b0cff9ead6d07395f8e205"),
)
CHARS74K = hosted(
    "http://www.ee.surrey.ac.uk/CVSSP/demos/chars74k/",
    ("EnglishImg.tgz", None, "85d157e0c58f998e1cda8def62bcda0d", None),
)

# No addresses: image-net.org gives these to account holders.
IMAGENET_1K = (
    DataFile("ILSVRC2012_img_train.tar", (), 147897477120, "1d675b47d978889d74fa0da5fadfb00e",
             "b08200a27a8e34218a0e58fde36b0fe8f73bc377f4acea2d91602057c3ca45bb"),
    DataFile("ILSVRC2012_img_val.tar", (), 6744924160, "29b22e2961454d5413ddabcf34fc5622",
             "c7e06a6c0baccf06d8dbeb6577d71efff84673a5dbdd50633ab44f8ea0456ae0"),
    DataFile("ILSVRC2012_devkit_t12.tar.gz", (), None, "fa75699e90414af021442c21a62c3abf"),
)
IMAGENET_800 = hosted(
    "https://raw.githubusercontent.com/hendrycks/outlier-exposure/master/TinyImageNet/Tiny_ImageNet_dataset/",
    ("800_wnids.txt", 8000, "05eec8c35e90da18f2fc7bea1812b8f3",
     "457b4e076b29671c3246b0743e01d69cb13ba51247b91e9e4ca81d24df6731f7"),
)
IMAGENET_22K = (DataFile("winter21_whole.tar.gz", (), None, "ab313ce03179fd803a401b02c651c0a2"),)

# Withdrawn, and a selection from it: no address in the book, only a name for the reader's own copy.
# The second file lists the images of CIFAR in the first, for the same reader.
TINY_IMAGES_80M = (
    DataFile("tiny_images.bin", (), 243615796224),
    DataFile("80mn_cifar_idxs.txt", (), 1170875, "ef8fc8899c7cd6ae15800f8767a10e80",
             "5716e41a62b6fb304972ef80e286a0f8be89b709f64240d8003e75398c09d7d5"),
)
TINY_IMAGES_300K = (DataFile("300K_random_images.npy", (), None, "64ca64357de98351f28454274a112dc3"),)

# yann.lecun.com, the first host, refuses programs (403) and is left out.
MNIST = _idx_pairs(
    ("https://ossci-datasets.s3.amazonaws.com/mnist/", "https://storage.googleapis.com/cvdf-datasets/mnist/"),
    (9912422, "f68b3c2dcbeaaa9fbdd348bbdeb94873", "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609"),
    (28881, "d53e105ee54ea40749a09fcbcd1e9432", "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c"),
    (1648877, "9fb629c4189551a2d022fa330f9573f3", "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6"),
    (4542, "ec29112dd5afa0611ce80d1b7f02629c", "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6"),
)
FASHION_MNIST = _idx_pairs(
    "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
    (26421880, "8d4fb7e6c68d591d4c3dfef9ec88bf0d", "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84"),
    (29515, "25c81989df183df01b3e8a0aad5dffbe", "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845"),
    (4422102, "bef4ecab320f06d8554ea6380940ec79", "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073"),
    (5148, "bb300cfdad3c16e7a12a480ee83cd310", "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5"),
)
NOTMNIST = hosted(
    "https://raw.githubusercontent.com/davidflanagan/notMNIST-to-MNIST/master/",
    ("t10k-images-idx3-ubyte.gz", 3172375, "2c87c839a4ef9b238846600eec8c35b7",
     "70ae9e06201f2827e5b0a3781a3169d735dd2efc69996b9eeaee7f10ed4044d7"),
)
OMNIGLOT = hosted(
    "https://github.com/brendenlake/omniglot/raw/master/python/",
    ("images_background.zip", 9464212, "68d2efa1b9178cc56df9314c21c6e718",
     "ad41ab679c8b5d90b271ef46be6987cc81211774a695c29dcc5367b2b26ee640"),
)
# fmt: on
