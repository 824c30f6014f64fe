"""Detection losses on CPUs, for NumPy: values, gradients and second derivatives in one fused SIMD pass."""

from __future__ import annotations

from ._lib import ForkError, InputError, find_library

find_library()  # a package without its library says so at once

__all__ = ["ForkError", "InputError"]
