"""No example in two roles: the sets of an experiment are compared by content, whatever their names."""

import logging
from collections.abc import Mapping
from itertools import combinations

from oe_core.data.overlap import example_digests, shared
from oe_core.data.streams import AnyExamples

LOG = logging.getLogger("oe_core")
TRAIN, TEST = "the in-distribution's train split", "the in-distribution's test split"
# Of a detector, which divides its own inliers.
LEARNED, OUTLIERS, HELD_OUT = "the training set", "the outliers", "the held-out set"
INLIERS = {TRAIN, TEST, LEARNED, HELD_OUT}


def overlaps(roles: Mapping[str, AnyExamples]) -> list[dict]:
    """As `shared_examples`, each pair also said in the log."""
    found = shared_examples(roles)
    for pair in found:
        (one, other), (first, second) = pair["roles"], pair["sets"]
        LOG.warning("%s (%s) and %s (%s) share examples: %d of the former's %d", other, second, one, first,
                    pair["shared"], pair["of"])  # fmt: skip
    return found


def shared_examples(roles: Mapping[str, AnyExamples]) -> list[dict]:
    """Which sets share examples: {"roles", "sets", "shared", "of"} a pair.

    roles: what a set is in the experiment -> the set, those that are trained on before those that are tested. shared:
    how many examples of the second occur in the first, of how many. Raises ValueError naming both where all of them do:
    a detector must be tested on anomalies that it never saw, by whatever name.
    """
    found, digests = [], {role: example_digests(examples) for role, examples in roles.items()}
    for (one, first), (other, second) in combinations(roles.items(), 2):
        count = shared(digests[one], digests[other])
        if not count:
            continue
        if count == len(second) and not {one, other} <= INLIERS:
            pair = f"{other} ({second.name}) and {one} ({first.name})"
            raise ValueError(f"{pair} hold the same examples: all {count} of the former are among the latter's "
                             f"{len(first)}; give each role data of its own")  # fmt: skip
        found.append({"roles": [one, other], "sets": [first.name, second.name], "shared": count, "of": len(second)})
    return found
