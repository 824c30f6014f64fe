"""Holds what flbench eval says of the hardest of many images against NumPy.

usage: check.py REPORT.json LIST LIMIT

REPORT is what `flbench eval --json --sort loss --limit LIMIT --from LIST` printed,
LIST has a path per line: a .npz with logits and labels, or a folder of two .npy.
The focal loss (alpha 0.25, gamma 2) is evaluated in float64, by another formula
than flbench's: -ln p_t as logaddexp, (1 - p_t)^2 as its exponential.
"""

import json
import os
import sys

import numpy


def focal(path):
    if os.path.isdir(path):
        logits, labels = (numpy.load(os.path.join(path, name)) for name in ("logits.npy", "labels.npy"))
    else:
        with numpy.load(path) as arrays:
            logits, labels = arrays["logits"], arrays["labels"]
    x = logits.astype("float64")[labels != -2]
    y = labels[labels != -2][:, None] == numpy.arange(logits.shape[1])
    z = numpy.where(y, x, -x)
    loss = numpy.where(y, 0.25, 0.75) * numpy.exp(-2 * numpy.logaddexp(0, z)) * numpy.logaddexp(0, -z)
    return loss.sum(), int(y.sum()), x.size


def main():
    report, paths, limit = sys.argv[1], sys.argv[2], int(sys.argv[3])
    with open(paths) as lines:
        paths = lines.read().split("\n")[:-1]
    want = {path: focal(path) for path in paths}
    hardest = sorted(paths, key=lambda path: -want[path][0])[:limit]
    with open(report) as text:
        got = json.load(text)["results"]
    if len(got) != len(hardest):
        sys.exit(f"{len(got)} images are listed, want {len(hardest)}")
    worst = 0.0
    for place, (have, path) in enumerate(zip(got, hardest)):
        if have["path"] not in want:
            sys.exit(f"place {place}: {have['path']} is none of the images")
        total, positives, scores = want[have["path"]]
        error = abs(have["sum"] / total - 1)
        worst = max(worst, error)
        if (have["positives"], have["scores"]) != (positives, scores) or error > 1e-6:
            sys.exit(f"place {place}: {have['path']}: {have}, want sum {total}, {positives} positives of {scores} scores")
        # Images whose sums are closer than float32's rounding may change places.
        if have["path"] != path and abs(total / want[path][0] - 1) > 1e-6:
            sys.exit(f"place {place}: {have['path']}, want {path} of sum {want[path][0]}")
    print(f"the {len(hardest)} hardest of {len(paths)} images are NumPy's, sums to {worst:.1e}")


main()
