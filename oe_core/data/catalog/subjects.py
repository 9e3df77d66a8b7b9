"""What the examples of a set show, of the catalog's and of those that may stand in for them."""

_KEYS = {
    "objects": "cifar10 cifar100 tiny-imagenet tiny-imagenet-32 tiny-imagenet-32-no-cifar10 imagenet-1k imagenet-800 "
    "imagenet-22k imagenet-samples tiny-images-80m tiny-images-300k",
    "characters": "svhn svhn-10k chars74k mnist notmnist omniglot emnist-letters digits font-letters",
    "scenes": "places365 places-mini places69 lsun lsun-val lsun-categories intel-scenes scene15 photo-china "
    "photo-flower",
    "clothes": "fashion-mnist",
    "drawings": "icons emoji font-icons",
    "shapes": "dead-leaves",
    "textures": "textures",
    "newsgroups": "20newsgroups 20news-bydate ewt-newsgroup",
    "questions": "trec ewt-answers",
    "reviews": "sst imdb yelp ewt-reviews",
    "captions": "snli multi30k",
    "news": "ptb wmt16",
    "encyclopedia": "wikitext-2 wikitext-103",
    "books": "gutenberg",
    "emails": "ewt-email",
    "weblogs": "ewt-weblog",
    "docstrings": "docstrings docstrings-stdlib docstrings-networkx docstrings-sympy docstrings-pandas "
    "docstrings-matplotlib docstrings-ipython",
    "code": "python-code",
}
SUBJECTS: dict[str, str] = {key: subject for subject, keys in _KEYS.items() for key in keys.split()}
"""{key of a set: what it shows}; a reader's own set has none."""
