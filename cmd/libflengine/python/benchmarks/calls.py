"""What a call costs: small arrays, where all is overhead, and large ones, per score.

python3 calls.py
"""

import timeit

import numpy as np

import flengine

rng = np.random.default_rng(1)
SMALL = rng.normal(-2, 2, 100).astype(np.float32), rng.random(100) < 0.1
ROWS = rng.normal(-2, 2, (10, 10)).astype(np.float32), rng.integers(-1, 10, 10)
LARGE = rng.normal(-4, 2, (100_000, 80)).astype(np.float32), rng.integers(-1, 80, 100_000)
OUT = np.empty_like(SMALL[0])
ENGINE = flengine.Engine("focal", workers=1)


def best(call, number):
    """Minimum and median seconds of a call."""
    times = sorted(t / number for t in timeit.repeat(call, number=number, repeat=15))
    return times[0], times[7]


for name, call in {
    "loss(x, y)": lambda: flengine.loss(*SMALL),
    "loss(x, y, 'focal', workers=1)": lambda: flengine.loss(*SMALL, "focal", workers=1),
    "gradients(x, y)": lambda: flengine.gradients(*SMALL),
    "loss(x, classes)": lambda: flengine.loss(*ROWS),
    "engine.loss(x, y)": lambda: ENGINE.loss(*SMALL),
    "engine.gradients(x, y)": lambda: ENGINE.gradients(*SMALL),
    "engine.gradients(x, y, out=out)": lambda: ENGINE.gradients(*SMALL, out=OUT),
    "engine.losses_and_gradients(x, y)": lambda: ENGINE.losses_and_gradients(*SMALL),
}.items():
    least, median = best(call, 2000)
    print(f"100 scores: {name:<34} {1e6 * least:6.2f} µs at best, median {1e6 * median:6.2f} µs")
for name, call in {
    "engine.loss": lambda: ENGINE.loss(*LARGE),
    "engine.gradients": lambda: ENGINE.gradients(*LARGE),
}.items():
    least, median = best(call, 1)
    print(f"[100000, 80]: {name:<20} {1e3 * least:6.2f} ms at best, median {1e3 * median:6.2f} ms, {1e9 * least / LARGE[0].size:.2f} ns per score")
