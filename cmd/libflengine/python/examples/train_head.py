"""Trains a small head on the class logits of a detector, and shows its losses.

python3 train_head.py FOLDER, the repository's testdata/detector-logits/nanodet

NanoDet's own logits of two photographs are there, with the class of each anchor. The head adds
something to each of them, by what it is, the largest of its anchor, their mean, and the size of the
anchor: four numbers, eight hidden units, the same weights for all classes. It learns on one
photograph, with RetinaNet's focal loss per positive, and is looked at on the other.
"""

import sys
from pathlib import Path

import numpy as np

import flengine

LOSS = flengine.focal(alpha=0.25, gamma=2)


def load(folder, photo):
    """Features (A·C, 4), the detector's logits (A, C), and the class of each anchor (A,)."""
    logits, classes = np.load(folder / photo / "logits.npy"), np.load(folder / photo / "labels.npy")
    x0, y0, x1, y1 = np.load(folder / "anchors.npy").T
    size = np.log2((x1 - x0) * (y1 - y0)) / 2 - 7
    row = np.stack([logits.max(1) / 4 + 1, logits.mean(1) / 4 + 2, size], 1)
    features = np.concatenate([logits[:, :, None] / 4 + 1, np.broadcast_to(row[:, None], (*logits.shape, 3))], 2)
    return features.reshape(-1, 4).astype(np.float32), logits, classes


def forward(parameters, features, logits):
    """The new logits, and the hidden units."""
    w1, b1, w2, b2 = parameters
    hidden = np.maximum(features @ w1 + b1, 0)
    return logits + (hidden @ w2 + b2).reshape(logits.shape), hidden


def train(folder, steps=24, rate=0.01, say=print):
    """Returns the losses per positive: of both photographs without a head, and with it at the end."""
    train_on, look_at = load(folder, "coffee"), load(folder, "astronaut")
    before = [flengine.loss(logits, classes, LOSS).per_positive for _, logits, classes in (train_on, look_at)]
    say(f"{'':>9}{'coffee':>10}{'astronaut':>11}\nno head  {before[0]:10.4f}{before[1]:11.4f}")

    rng = np.random.default_rng(1)
    parameters = [rng.normal(0, 0.5, (4, 8)), np.zeros(8), np.zeros((8, 1)), np.zeros(1)]  # adds nothing yet
    parameters = [p.astype(np.float32) for p in parameters]
    first, second = [np.zeros_like(p) for p in parameters], [np.zeros_like(p) for p in parameters]  # Adam's
    features, logits, classes = train_on
    for step in range(1, steps + 1):
        out, hidden = forward(parameters, features, logits)
        gradient, result = flengine.gradients(out, classes, LOSS, out=out)  # in place of the logits
        back = gradient.reshape(-1, 1) / max(1, result.positives)
        of_hidden = (back @ parameters[2].T) * (hidden > 0)
        slopes = [features.T @ of_hidden, of_hidden.sum(0), hidden.T @ back, back.sum(0)]
        for p, g, m, v in zip(parameters, slopes, first, second):
            m += 0.1 * (g - m)
            v += 0.001 * (g * g - v)
            p -= rate * (m / (1 - 0.9**step)) / (np.sqrt(v / (1 - 0.999**step)) + 1e-8)
        if step % 8 == 0:
            other = flengine.loss(forward(parameters, *look_at[:2])[0], look_at[2], LOSS)
            say(f"step {step:<4}{result.per_positive:10.4f}{other.per_positive:11.4f}")
    return before, [result.per_positive, other.per_positive]


if __name__ == "__main__":
    train(Path(sys.argv[1]))
