"""ImageNet and 80 Million Tiny Images, which outliers are taken from; sizes and digests as in `photographs`."""

from oe_core.data.catalog.photographs import IMAGENET_TERMS
from oe_core.data.catalog.row import DataFile, DataSet, hosted, read_by
from oe_core.data.readers.pictures import read_flat_tar
from oe_core.data.readers.small_images import read_300k, read_tiny_images

WITHDRAWAL = "Its authors withdrew it on 29 June 2020 and asked everyone to stop using it and to delete copies"
RUSSAKOVSKY = "Russakovsky et al. 2015, ImageNet large scale visual recognition challenge"
WITHOUT_TINY_IMAGES = ("tiny-imagenet-32-no-cifar10", "tiny-imagenet", "photo-china")

# Rows are kept packed, which a formatter would take apart. image-net.org gives its files to account holders and the
# tiny images are withdrawn: of these the book holds no address, only names for the reader's own copies.
# fmt: off
IMAGENET_AND_TINY_IMAGES = (
    DataSet(
        "imagenet-1k", "ImageNet", "ImageNet-1K (ILSVRC 2012)", "account", "images",
        {"test": 50000}, IMAGENET_TERMS,
        "with an account at https://image-net.org fetch the archive of the val split", RUSSAKOVSKY,
        "test is the val split",
        (DataFile("ILSVRC2012_img_val.tar", (), 6744924160,
                  "c7e06a6c0baccf06d8dbeb6577d71efff84673a5dbdd50633ab44f8ea0456ae0"),),
        {"test": read_by(read_flat_tar, "ILSVRC2012_img_val.tar", decodes=True)},
        stand_ins=("imagenet-samples",), subject="objects",
    ),
    DataSet(
        "imagenet-800", "ImageNet", "ImageNet-1K, the 800 classes outside Tiny ImageNet", "account", "images",
        {"train": 400000, "test": 40000}, IMAGENET_TERMS,
        "from ImageNet-1K put the classes that 800_wnids.txt lists as class folders into "
        "OE_DATA/imagenet-800/train (500 pictures of each) and OE_DATA/imagenet-800/test (the val pictures)",
        RUSSAKOVSKY,
        "the paper's own drawing of it is unseeded and cannot be rebuilt; the file here is the list of classes",
        hosted("https://raw.githubusercontent.com/hendrycks/outlier-exposure/master/TinyImageNet/Tiny_ImageNet_dataset/",
               ("800_wnids.txt", 8000, "457b4e076b29671c3246b0743e01d69cb13ba51247b91e9e4ca81d24df6731f7")),
        subject="objects",
    ),
    DataSet(
        "imagenet-22k", "ImageNet-22K", "ImageNet-22K", "account", "images", {"train": None}, IMAGENET_TERMS,
        "with an account at https://image-net.org fetch winter21_whole.tar.gz and put its pictures "
        "as class folders into OE_DATA/imagenet-22k/train",
        "Deng et al. 2009, ImageNet: a large-scale hierarchical image database",
        "the paper must have used the release of fall 2011; winter 2021 lacks close to 3000 classes of people",
        stand_ins=("imagenet-800", "tiny-imagenet", "tiny-imagenet-32", "places-mini"), subject="objects",
    ),
    DataSet(
        "tiny-images-80m", "80 Million Tiny Images", "80 Million Tiny Images", "withdrawn", "images",
        {"train": 79302017}, WITHDRAWAL, "only a copy that the reader already holds, and better none: take a stand-in",
        "Torralba et al. 2008, 80 million tiny images",
        "a copy that the reader already holds is read where it lies, and never fetched",
        (DataFile("tiny_images.bin", (), 243615796224),
         DataFile("80mn_cifar_idxs.txt", (), 1170875,
                  "5716e41a62b6fb304972ef80e286a0f8be89b709f64240d8003e75398c09d7d5")),
        {"train": read_by(read_tiny_images, "tiny_images.bin", "80mn_cifar_idxs.txt", decodes=True)},
        needs={"course": ("train",)}, stand_ins=(*WITHOUT_TINY_IMAGES, "tiny-images-300k"), subject="objects",
    ),
    DataSet(
        "tiny-images-300k", "300K Random Images",
        "300K Random Images, a cleaned selection from 80 Million Tiny Images", "by-hand", "images",
        {"train": 300000}, f"part of 80 Million Tiny Images. {WITHDRAWAL}",
        "only a copy that the reader already holds; whether to use it is the reader's own decision",
        "Hendrycks et al. 2019, the code of the paper (hendrycks/outlier-exposure)",
        "CIFAR, Places and LSUN classes are removed; with the paper's settings users report weaker results",
        (DataFile("300K_random_images.npy", (), None, "64ca64357de98351f28454274a112dc3"),),
        {"train": read_by(read_300k, "300K_random_images.npy")}, stand_ins=WITHOUT_TINY_IMAGES, in_paper=False,
        subject="objects",
    ),
)
# fmt: on
