"""Detection losses on CPUs, for NumPy: values, gradients and second derivatives in one fused SIMD pass.

The library behind it is the Go package github.com/flengine/flengine/engine: the same losses, the same
bits, the same errors.

>>> logits = np.random.default_rng(1).normal(-4, 2, (1000, 80)).astype(np.float32)
>>> classes = np.full(1000, -1)  # background
>>> classes[:3] = 7, 0, 79
>>> result = flengine.loss(logits, classes, "focal(alpha=0.25,gamma=2)")
>>> result.positives
3
>>> gradients, result = flengine.gradients(logits, classes)

:class:`Engine` documents scores, targets, options and errors for all of it. :mod:`flengine.torch` has
functions for PyTorch, :mod:`flengine.boosting` objectives for XGBoost and LightGBM.
"""

from __future__ import annotations

from ._dump import dump
from ._engine import (
    Engine,
    gradients,
    gradients_and_hessians,
    hardest,
    loss,
    losses,
    losses_and_gradients,
    sweep,
)
from ._lib import ForkError, InputError, find_library, kernels, version
from ._losses import (
    Loss,
    asymmetric,
    balanced_cross_entropy,
    cross_entropy,
    focal,
    heatmap_focal,
    quality_focal,
    softmax_cross_entropy,
    softmax_focal,
    varifocal,
)
from ._result import Result

find_library()  # a package without its library says so at once

__all__ = [
    "Engine",
    "ForkError",
    "InputError",
    "Loss",
    "Result",
    "asymmetric",
    "balanced_cross_entropy",
    "cross_entropy",
    "dump",
    "focal",
    "gradients",
    "gradients_and_hessians",
    "hardest",
    "heatmap_focal",
    "kernels",
    "loss",
    "losses",
    "losses_and_gradients",
    "quality_focal",
    "softmax_cross_entropy",
    "softmax_focal",
    "sweep",
    "varifocal",
    "version",
]
