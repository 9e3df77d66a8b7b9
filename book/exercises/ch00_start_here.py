"""The checks of chapter 0's exercises."""

import numpy as np
import torch

from exercises.answers import close, exercise, need, number, numbers
from oe_core.scores import msp


@exercise(1)
def another_digit(begins):
    """A function of the scores along a walk."""
    need(begins(np.linspace(-1, -0.91, 12)) is None, "a network that stays below -0.9 all along never doubts; your function says that it does")
    need(close(number(begins(np.full(12, -0.3)), "the beginning"), 0), "a network that doubts the first step doubts from 0 % on")
    late = number(begins(np.array([-1.0] * 11 + [-0.5])), "the beginning")
    need(close(late, 100, 0.5), f"doubt at the last step alone begins at the walk's end; your function says {late:g}, "
         "and it is to say percent of the way")  # fmt: skip
    near = begins(np.array([-1, -0.95, -0.9, -0.89, -0.8]))
    need(close(number(near, "the beginning"), 75), "a network begins to doubt where its score rises above -0.9, not later, and not at -0.9 itself")
    again = begins(np.array([-1.0, -0.95, -0.5, -1.0, -0.4]))
    need(close(number(again, "the beginning"), 50), "of five steps the third is the first that is doubted; is it the first one that counts, "
         "and do the gaps between steps make up the whole way?")  # fmt: skip


@exercise(2)
def blank_image(blank_scores, networks, size):
    """{network: the scores of a black and a white image}; {network: uint8 images -> logits}; pixels a side."""
    black_and_white = torch.tensor([0, 255], dtype=torch.uint8).view(2, 1, 1, 1).expand(2, 3, size, size)
    for name, ask in networks.items():
        given = numbers(blank_scores[name], f"blank_scores of {name}", 2)
        need(given.max() < 0, "scores of MSP are negative: higher means more anomalous, so confidence has its sign turned")
        right = msp(ask(black_and_white))
        for colour, one, other in zip(("black", "white"), given, right, strict=True):
            need(close(one, other, 0.002), f"the {name} network gives another score to a {colour} image; "
                 f"what number is {colour} in a uint8 image, and does black come first?")  # fmt: skip


def _on(points, curve):
    """Whether every point is one of the curve's, of which there is one for each threshold."""
    return max(np.abs(point - curve).max(axis=1).min() for point in points) < 1e-6


@exercise(3)
def price_of_the_threshold(curves, scored):
    """{method: (share of the inliers that ring, share of the anomalies that ring)}; {method: (in_scores, out_scores)}."""
    for method, scores in scored.items():
        in_shares, out_shares = (np.asarray(shares, dtype=float) for shares in curves[method])
        need(in_shares.shape == out_shares.shape and in_shares.size > 10, f"{method}: a curve needs many thresholds, and both shares at each of them")
        need(max(in_shares.max(), out_shares.max()) <= 1, f"{method}: shares lie between 0 and 1; are these counts, or percent?")
        thresholds = np.append(np.unique(np.concatenate(scores)), np.inf)[:, None]
        curve = np.stack([np.mean(of_set >= thresholds, axis=1) for of_set in scores]).T
        points = np.stack([in_shares, out_shares]).T
        on_it, across = _on(points, curve), _on(points[:, ::-1], curve) or _on(1 - points, curve)
        need(on_it or not across, f"{method}: your curve lies on the other side of the diagonal; does a high score ring, and do the inliers come first?")
        need(in_shares.min() < 0.02 and in_shares.max() > 0.98, f"{method}: lower the threshold from where nothing rings to where every digit does")
        need(on_it, f"{method}: this is not the curve of these scores; are both shares taken at the same thresholds?")
