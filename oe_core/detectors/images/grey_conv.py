"""The small network of the paper's experiment with MNIST: it sees the luminance of images of 28 x 28 pixels.

Source: hendrycks/outlier-exposure `MNIST/models/convnet.py`; the text (section 5) does not describe it. The network
itself takes the luminance, so that every set becomes grey in one place, and batches hold three channels as everywhere.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from oe_core.detectors.images.all_conv import sigmoid_gelu

LUMINANCE = (0.2989, 0.5870, 0.1140)  # of red, green and blue; hendrycks/outlier-exposure MNIST/oe_tune.py
SIZE = 28  # pixels, height and width of its inputs


class GreyConv(nn.Module):
    """Two 5x5 convolutions (10 and 20 channels), each pooled before its GELU, then 50 hidden units.

    dropout: share of the second convolution's channels that are dropped whole. Raises ValueError outside [0, 1).
    forward: inputs float (batch, 3, 28, 28) -> logits float32 (batch, num_classes); ValueError for another size.
    """

    def __init__(self, num_classes: int, dropout: float):
        super().__init__()
        if not 0 <= dropout < 1:
            raise ValueError(f"dropout={dropout} must be in [0, 1)")
        self.register_buffer("luminance", torch.tensor(LUMINANCE).view(1, 3, 1, 1), persistent=False)
        self.conv1 = nn.Conv2d(1, 10, 5)
        self.conv2 = nn.Conv2d(10, 20, 5)
        self.drop = nn.Dropout2d(dropout)
        self.hidden = nn.Linear(20 * 4 * 4, 50)
        self.head = nn.Linear(50, num_classes)

    def features(self, inputs: Tensor) -> Tensor:
        """The hidden units before the head, float32 (batch, 50)."""
        size = tuple(inputs.shape[2:])
        if size != (SIZE, SIZE):
            raise ValueError(f"inputs of {size} pixels: grey-conv takes {SIZE} x {SIZE}, set size={SIZE}")
        grey = F.conv2d(inputs, self.luminance)
        out = sigmoid_gelu(F.max_pool2d(self.conv1(grey), 2))
        out = sigmoid_gelu(F.max_pool2d(self.drop(self.conv2(out)), 2))
        return sigmoid_gelu(self.hidden(out.flatten(1))).float()

    def forward(self, inputs: Tensor) -> Tensor:
        features = self.features(inputs)
        with torch.autocast(features.device.type, enabled=False):
            return self.head(features)
