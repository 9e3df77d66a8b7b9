"""The checks of chapter 6's exercises."""

import numpy as np
import torch

from exercises.answers import close, exercise, need, need_close, number, numbers, table

LEVELS = range(0, 256, 32)
METHODS = ("BPP", "+OE")


@exercise(1)
def flat_images(flat, likelier, bits, inlier_bits, size):
    """A table of bits per pixel, a row for each grey level and a column for each network; and a percent for each level."""
    given = table(flat, "flat", LEVELS, METHODS)
    for level in LEVELS:
        image = torch.full((1, 3, size, size), level, dtype=torch.uint8)
        for method in METHODS:
            right, answer = float(bits(image, method)[0]), given.loc[level, method]
            need_close(answer, right, 0.02 * max(1, abs(right)),
                       f"{method} gives an image of the grey level {level} other bits than your table; has each sub-pixel this value, "
                       "as a whole number from 0 to 255?",
                       [(right / 3, "your bits are those of a sub-pixel; a pixel has three"),
                        (right * np.log(2), "your scores are in nats; a bit is a factor of two")])  # fmt: skip
    counted = numbers([likelier[level] for level in LEVELS], "likelier", len(LEVELS))
    right = 100 * np.mean(np.asarray(inlier_bits)[:, None] > given["BPP"].to_numpy(), axis=0)
    need_close(counted, right, 1.0, "likelier does not fit the column BPP of your table and the bits of the inliers",
               [(right / 100, "likelier holds shares of one; give percent"),
                (100 - right, "you count the inliers that are likelier than the image; the question is the other way round")])  # fmt: skip


@exercise(2)
def mirror(mirrored, distance, inliers, bits):
    """Bits per pixel of each inlier turned left to right; and the mean distance of an image's two scores."""
    given, as_they_are, right = numbers(mirrored, "mirrored", len(inliers)), bits(inliers), bits(inliers.flip(3))
    apart = np.abs(right - as_they_are).mean()
    need_close(given, right, 0.05 * apart + 1e-4, "these are not the bits of the mirrored images under the network without exposure",
               [(as_they_are, "these are the bits of the images as they are"),
                (bits(inliers.flip(2)), "your images stand upside down; which axis of (images, channels, rows, columns) is the one from left to right?"),
                (right / 3, "your bits are those of a sub-pixel; a pixel has three")])  # fmt: skip
    away = number(distance, "distance")
    need(away >= 0, "a distance is not negative")
    need_close(away, apart, 0.02 * apart + 1e-3, "distance does not fit your mirrored and the bits of the images as they are",
               [(abs(given.mean() - as_they_are.mean()),
                 "this is the distance of two means, in which images that gain hide those that lose; take the distance of each image first")])  # fmt: skip


@exercise(3)
def bits_of_a_margin(bits_asked, digits):
    """How many bits an outlier has to cost more than an inlier; and the digits of the factor that they are."""
    asked, written = number(bits_asked, "bits_asked"), number(digits, "digits")
    need(not close(asked, 32 * 32), "you count pixels; the margin is one bit for each sub-pixel")
    need(not close(asked, 1), "one bit is the margin of one sub-pixel; how many has the image?")
    need(close(asked, 3 * 32 * 32), "bits_asked is not the number of sub-pixels of such an image")
    right = int(asked * np.log10(2)) + 1
    need(not close(written, int(asked * np.log10(np.e)) + 1), "your factor is a power of e; a bit is a factor of two")
    need(close(written, right), "digits is not the number of decimal digits of two to the power of your bits")
