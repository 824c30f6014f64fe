"""Focal loss of [100000, 80] logits: torchvision eager, the same compiled, and flengine.torch, interleaved.

    FLENGINE_LIBRARY=… PYTHONPATH=. python benchmarks/torch_focal.py [--pairs 8] [--anchors 100000] [--threads 1]

Each pair runs all of them once, in an order that is turned each time; what is printed are the medians
of CPU seconds and of wall seconds of a call, and their ratios to flengine's. The last lines are the
overhead of a call of 100 scores. Run it on a quiet core: `taskset -c 1` and real-time priority
(`chrt -f 1`) make it one. No figure is asserted.
"""

from __future__ import annotations

import argparse
import statistics
import time
from typing import Callable

import torch
import torchvision

import flengine.torch

THEIRS = torchvision.ops.sigmoid_focal_loss
OURS = flengine.torch.sigmoid_focal_loss
ANCHORS = 100_000


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--pairs", type=int, default=8)
    p.add_argument("--anchors", type=int, default=ANCHORS)
    p.add_argument("--threads", type=int, default=1)
    p.add_argument("--positives", type=float, default=0.001, help="share of the scores with the target 1")
    a = p.parse_args()
    torch.set_num_threads(a.threads)
    torch.manual_seed(1)
    x = torch.randn(a.anchors, 80) * 2 - 4
    y = (torch.rand(a.anchors, 80) < a.positives).float()
    print(f"torch {torch.__version__}, torchvision {torchvision.__version__}, {a.threads} thread(s), [{a.anchors}, 80] float32")
    print(f"{'work':<26}{'':<12}{'CPU ms':>9}{'wall ms':>9}{'CPU ratio':>11}{'wall ratio':>11}")
    compiled = torch.compile(THEIRS, dynamic=False)
    for reduction in "none", "sum", "mean":
        for backward in False, True:
            contest(reduction, backward, compiled, x, y, a.pairs)
    overhead()


def contest(reduction: str, backward: bool, compiled: Callable, x: torch.Tensor, y: torch.Tensor, pairs: int) -> None:
    runners = {
        "eager": work(THEIRS, reduction, backward, x, y),
        "compile": work(compiled, reduction, backward, x, y),
        "flengine": work(OURS, reduction, backward, x, y),
    }
    times: dict[str, list[tuple[float, float]]] = {name: [] for name in runners}
    for run in runners.values():  # compiles, and warms memory up
        run()
        run()
    names = list(runners)
    for i in range(pairs):
        for name in names[i % 3 :] + names[: i % 3]:
            cpu, wall = time.process_time(), time.perf_counter()
            runners[name]()
            times[name].append((time.process_time() - cpu, time.perf_counter() - wall))
    median = {name: [statistics.median(column) for column in zip(*t)] for name, t in times.items()}
    ours = median["flengine"]
    title = f"{reduction}, forward" + (" + backward" if backward else "")
    for name, (cpu, wall) in median.items():
        print(f"{title:<26}{name:<12}{cpu * 1e3:9.2f}{wall * 1e3:9.2f}{cpu / ours[0]:11.2f}{wall / ours[1]:11.2f}")


def work(loss: Callable, reduction: str, backward: bool, x: torch.Tensor, y: torch.Tensor) -> Callable[[], None]:
    if not backward:
        return lambda: loss(x, y, 0.25, 2.0, reduction) and None if reduction != "none" else discard(loss(x, y, 0.25, 2.0, reduction))
    x = x.clone().requires_grad_()
    if reduction == "none":
        upstream = torch.rand_like(y)

    def run() -> None:
        x.grad = None
        value = loss(x, y, 0.25, 2.0, reduction)
        if reduction == "none":
            value.backward(upstream)  # one factor per score: the dearest
        else:
            (value / 37).backward()  # RetinaNet divides by the number of positives

    return run


def discard(value: torch.Tensor) -> None:
    del value


def overhead() -> None:
    """Prints what a call of 100 scores takes."""
    torch.set_num_threads(1)
    x, y = torch.randn(100), torch.rand(100).round()
    z = x.clone().requires_grad_()
    for title, f in {
        "no gradient, none": lambda: OURS(x, y),
        "no gradient, sum": lambda: OURS(x, y, reduction="sum"),
        "gradient kept, sum": lambda: OURS(z, y, reduction="sum"),
        "and backward": lambda: torch.autograd.grad(OURS(z, y, reduction="sum"), z),
        "torchvision, none": lambda: THEIRS(x, y),
        "torch.empty((100,))": lambda: torch.empty((100,)),
    }.items():
        rounds = []
        for _ in range(9):
            began = time.perf_counter()
            for _ in range(2000):
                f()
            rounds.append((time.perf_counter() - began) / 2000 * 1e6)
        print(f"100 scores: {title:<24}{statistics.median(rounds):8.2f} µs a call")


if __name__ == "__main__":
    main()
