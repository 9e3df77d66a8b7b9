"""Cutout: square holes in training images, drawn for a whole batch at once."""

import torch
from torch import Tensor

from oe_core.data.batches import CHANNEL_STATISTICS, Augmented


class Cutout:
    """An augmented image set in which an image has a hole with probability 1/2.

    source: the images. side: pixels of the hole, whose centre is any pixel, so that the border may cut it off.
    scaling: of the inputs; a hole has the colour that it maps nearest to 0. Source: DeVries & Taylor 2017, as in
    uoguelph-mlrg/confidence_estimation `utils/utils.py`, where half of the images have a hole.
    """

    def __init__(self, source: Augmented, side: int, scaling: str):
        self.source, self.side = source, side
        mean = 255 * torch.tensor(CHANNEL_STATISTICS[scaling][0], device=source.windows.device)
        self.colour = mean.round().to(torch.uint8).view(1, 3, 1, 1)
        self.size = source.windows.shape[3]

    def __len__(self) -> int:
        return len(self.source)

    def draw(self, count: int, generator: torch.Generator) -> Tensor:
        """The source's choices and three more, int64: whether there is a hole, row and column of its centre."""
        holes = torch.randint(2, (count, 1), generator=generator)
        centres = torch.randint(self.size, (count, 2), generator=generator)
        return torch.cat([self.source.draw(count, generator), holes, centres], dim=1)

    def batch(self, indices: Tensor, choices: Tensor) -> Tensor:
        """uint8 (batch, 3, size, size), as the source gives them under its choices, with the holes."""
        images = self.source.batch(indices, choices[:, :-3])
        hole, row, column = choices[:, -3:, None].unbind(dim=1)
        places = torch.arange(self.size, device=images.device)
        rows, columns = (self._covered(places, centre) for centre in (row, column))
        covered = hole[:, :, None].bool() & rows[:, :, None] & columns[:, None, :]
        return torch.where(covered[:, None], self.colour, images)

    def _covered(self, places: Tensor, centre: Tensor) -> Tensor:
        """Which of `places` (size,) a hole around `centre` (batch, 1) covers: bool (batch, size)."""
        first = centre - self.side // 2
        return (places >= first) & (places < first + self.side)
