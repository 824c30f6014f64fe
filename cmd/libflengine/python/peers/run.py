"""Runs other libraries' own tests of their focal losses against flengine.

    FLENGINE_LIBRARY=… PYTHONPATH=. python peers/run.py --originals DIR [fvcore keras kornia optax torchvision]

DIR has the originals, which are not part of this repository: DIR/fvcore, DIR/keras, DIR/kornia and
DIR/optax are checkouts, whose code is what is tested; DIR/torchvision/test_ops.py is torchvision's
test/test_ops.py, beside it its common_utils.py. What they need (jax, torch, torchvision, …) and
pytest the Python that runs this has. Of each library the focal functions are replaced by the
adapters below, which evaluate with flengine and nothing else; then pytest runs its focal tests, each
library in a process of its own. What is printed: tests run, passed and failed, with the message of
each failure, those skipped with the reason, and how often flengine was called.
"""

from __future__ import annotations

import argparse
import collections
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, Callable

import pytest

CALLS: collections.Counter[str] = collections.Counter()


def counted(function: Callable[..., Any]) -> Callable[..., Any]:
    def call(*arguments: Any, **options: Any) -> Any:
        CALLS[function.__name__] += 1
        return function(*arguments, **options)

    return call


def torchvision(root: Path) -> list[str]:
    import flengine.torch
    from torchvision import ops

    ours = flengine.torch.sigmoid_focal_loss
    ops.sigmoid_focal_loss = ours  # not counted: TorchScript wants the function itself
    flengine.torch._op.evaluate = counted(flengine.torch._op.evaluate)
    return [str(root / "test_ops.py"), "-k", "TestFocalLoss"]


def fvcore(root: Path) -> list[str]:
    """Without sigmoid_focal_loss_star, which is another function, and not the engine's."""
    import flengine.torch
    import fvcore.nn

    def sigmoid_focal_loss(inputs: Any, targets: Any, alpha: float = -1, gamma: float = 2, reduction: str = "none") -> Any:
        return flengine.torch.sigmoid_focal_loss(inputs.float(), targets.float(), alpha, gamma, reduction)

    fvcore.nn.sigmoid_focal_loss = fvcore.nn.sigmoid_focal_loss_jit = counted(sigmoid_focal_loss)
    return [str(root / "tests/test_focal_loss.py"), "-k", "TestFocalLoss and not Star"]


def optax(root: Path) -> list[str]:
    """From NumPy by callbacks, with flengine's gradient and second derivative for jax.grad and jax.hessian."""
    import flengine
    import jax
    import jax.numpy as jnp
    import numpy as np
    from optax.losses import _classification

    def text(alpha: Any, gamma: float) -> str:
        return f"focal(gamma={gamma},pos=1,neg=1)" if alpha is None else f"focal(alpha={alpha},gamma={gamma})"

    def called(f: Callable[..., Any], x: Any, y: Any) -> Any:
        def host(x: Any, y: Any) -> Any:
            CALLS["sigmoid_focal_loss"] += 1
            return f(np.asarray(x, np.float32), np.asarray(y, np.float32))

        return jax.pure_callback(host, jax.ShapeDtypeStruct(x.shape, jnp.float32), x, y, vmap_method="sequential")

    def sigmoid_focal_loss(logits: Any, labels: Any, alpha: Any = None, gamma: float = 2.0) -> Any:
        loss = text(alpha, gamma)
        logits, labels = jnp.asarray(logits), jnp.asarray(labels, jnp.float32)

        @jax.custom_jvp
        def slope(x: Any) -> Any:
            return called(lambda x, y: flengine.gradients(x, y, loss)[0], x, labels)

        @slope.defjvp
        def _(primals: Any, tangents: Any) -> Any:
            curve = called(lambda x, y: flengine.gradients_and_hessians(x, y, loss)[1], primals[0], labels)
            return slope(*primals), curve * tangents[0]

        @jax.custom_jvp
        def value(x: Any) -> Any:
            return called(lambda x, y: flengine.losses(x, y, loss)[0], x, labels)

        @value.defjvp
        def _(primals: Any, tangents: Any) -> Any:
            return value(*primals), slope(*primals) * tangents[0]

        return value(logits)

    # Tests call it under jit, where alpha and gamma would be tracers: they are static here.
    jit = jax.jit
    jax.jit = lambda f, **o: f if f is sigmoid_focal_loss else jit(f, **o)
    _classification.sigmoid_focal_loss = sigmoid_focal_loss
    return [str(root / "optax/losses/_classification_test.py"), "-k", "SigmoidFocalLossTest"]


def keras(root: Path) -> list[str]:
    """Soft and smoothed targets of the categorical loss are a loss for each class, weighted by its target."""
    os.environ.setdefault("KERAS_BACKEND", "torch")
    import flengine
    import numpy as np
    from keras.src import ops
    from keras.src.losses import losses

    original = losses.categorical_focal_crossentropy

    def of(x: Any) -> Any:
        return np.asarray(ops.convert_to_numpy(ops.cast(x, "float32")))

    def binary_focal_crossentropy(
        y_true: Any, y_pred: Any, apply_class_balancing: bool = False, alpha: float = 0.25, gamma: float = 2.0,
        from_logits: bool = False, label_smoothing: float = 0.0, axis: int = -1,
    ) -> Any:
        dtype = ops.convert_to_tensor(y_pred).dtype
        loss = f"focal(alpha={alpha},gamma={gamma})" if apply_class_balancing else f"focal(gamma={gamma},pos=1,neg=1)"
        y = of(y_true) * (1 - label_smoothing) + label_smoothing / 2
        got, _ = flengine.losses(of(y_pred), y.astype(np.float32), loss, probs=not from_logits)
        return ops.cast(ops.mean(ops.convert_to_tensor(got), axis=axis), dtype)

    def categorical_focal_crossentropy(
        y_true: Any, y_pred: Any, alpha: float = 0.25, gamma: float = 2.0, from_logits: bool = False,
        label_smoothing: float = 0.0, axis: int = -1,
    ) -> Any:
        dtype = ops.convert_to_tensor(y_pred).dtype
        x, y = np.moveaxis(of(y_pred), axis, -1), np.moveaxis(of(y_true), axis, -1)
        if x.shape[-1] == 1:
            original(y_true, y_pred, axis=axis)  # which warns
        y = y * (1 - label_smoothing) + label_smoothing / x.shape[-1]
        x = np.ascontiguousarray(x) if from_logits else np.log(np.maximum(x, 1e-7))
        total = np.zeros(x.shape[:-1], np.float32)
        for c in range(x.shape[-1]):
            rows = x.reshape(-1, x.shape[-1])
            got, _ = flengine.losses(rows, np.full(len(rows), c), f"softmaxfocal(gamma={gamma})")
            total += alpha * y[..., c] * got.reshape(total.shape)
        return ops.cast(ops.convert_to_tensor(total), dtype)

    losses.binary_focal_crossentropy = counted(binary_focal_crossentropy)
    losses.categorical_focal_crossentropy = counted(categorical_focal_crossentropy)
    return [str(root / "keras/src/losses/losses_test.py"), "-k", "BinaryFocal or CategoricalFocal"]


def kornia(root: Path) -> list[str]:
    """Its binary loss weighs two terms by the target: two losses here, of the labels 1 and 0."""
    import kornia.losses
    import torch
    from flengine import _torch_op as op

    def reduced(losses: Any, reduction: str) -> Any:
        return losses if reduction == "none" else losses.mean() if reduction == "mean" else losses.sum()

    def binary_focal_loss_with_logits(
        pred: Any, target: Any, alpha: Any = 0.25, gamma: float = 2.0, reduction: str = "none",
        pos_weight: Any = None, weight: Any = None, ignore_index: Any = -100,
    ) -> Any:
        shape = [-1] + [1] * (pred.dim() - 2)
        kept = torch.ones_like(target) if ignore_index is None else (target != ignore_index).to(target.dtype)
        target = target * kept
        pos = target * kept * (1 if alpha is None else alpha)
        neg = (1 - target) * kept * (1 if alpha is None else 1 - alpha)
        if pos_weight is not None:
            pos = pos * pos_weight.view(shape)
        if weight is not None:
            pos, neg = pos * weight.view(shape), neg * weight.view(shape)
        call = op.Call("focal(gamma={},pos=1,neg=1)", (gamma,), (), "none", False)
        total = 0
        for label, factors in ((1, pos), (0, neg)):
            labels = torch.full(pred.shape, label, dtype=torch.uint8)
            total = total + op.apply(pred, labels, op.Factors(score_weights=factors.float().contiguous()), call)
        return reduced(total, reduction)

    def focal_loss(
        pred: Any, target: Any, alpha: Any, gamma: float = 2.0, reduction: str = "none",
        weight: Any = None, ignore_index: Any = -100,
    ) -> Any:
        import flengine.torch

        classes = pred.shape[1]
        factors = torch.ones(classes) if weight is None else weight.float()
        if alpha is not None:
            factors = factors * torch.tensor([1 - alpha] + [alpha] * (classes - 1))
        ignored = -100 if ignore_index is None else ignore_index
        rows = flengine.torch.softmax_focal_loss(pred, target, gamma, factors, ignored, "none").unsqueeze(1)
        hot = torch.arange(classes).view([1, -1] + [1] * (pred.dim() - 2)) == target.unsqueeze(1)
        return reduced(torch.where(hot, rows, torch.zeros_like(rows)), reduction)

    for name, function in (("binary_focal_loss_with_logits", binary_focal_loss_with_logits), ("focal_loss", focal_loss)):
        for module in (kornia.losses, kornia.losses.focal):
            setattr(module, name, function)
    op.evaluate = counted(op.evaluate)
    return [str(root / "tests/losses/test_focal_loss.py")]


PEERS = {f.__name__: f for f in (fvcore, keras, kornia, optax, torchvision)}


class Report:
    """A plugin of pytest that counts."""

    def __init__(self) -> None:
        self.passed: list[str] = []
        self.failed: dict[str, str] = {}
        self.skipped: collections.Counter[str] = collections.Counter()

    def pytest_runtest_logreport(self, report: Any) -> None:
        name = report.nodeid.split("::", 1)[-1]
        if report.skipped:
            reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
            self.skipped[getattr(report, "wasxfail", "") or reason] += 1
        elif report.failed:
            crash = getattr(report.longrepr, "reprcrash", None)
            message = " ".join((crash.message if crash else str(report.longrepr)).split())
            self.failed[name] = message if len(message) <= 400 else f"{message[:150]} … {message[-250:]}"
        elif report.when == "call":
            self.passed.append(name)


def run(name: str, root: Path) -> int:
    """Runs one library's tests in this process."""
    root = root.resolve()
    sys.path.insert(0, str(root))  # the package that the tests are of
    selection = PEERS[name](root)
    report = Report()
    os.chdir(root)
    code = pytest.main(["-q", "--no-header", "--tb=short", "-p", "no:cacheprovider", "-o", "addopts=", *selection], plugins=[report])
    print(
        f"\n{name}: {len(report.passed) + len(report.failed)} run, {len(report.passed)} passed, {len(report.failed)} failed, "
        f"{sum(report.skipped.values())} skipped; calls of flengine: {sum(CALLS.values())}"
    )
    for test, why in report.failed.items():
        print(f"  failed: {test}: {why}")
    for reason, n in report.skipped.items():
        print(f"  skipped {n}: {reason}")
    if not CALLS or not report.passed:
        print(f"  {name}'s tests did not call flengine: nothing was tested")
        return 1
    return int(code not in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED))


def main() -> int:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("peers", nargs="*", metavar="PEER", help=f"of {', '.join(PEERS)}; all, if none is named")
    p.add_argument("--originals", type=Path, required=True, metavar="DIR")
    p.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    a = p.parse_args()
    for name in a.peers:
        if name not in PEERS:
            p.error(f"unknown peer {name}: want one of {', '.join(PEERS)}")
    if a.here:
        return run(a.peers[0], a.originals / a.peers[0])
    worst = 0
    for name in a.peers or PEERS:
        if not (a.originals / name).is_dir():
            p.error(f"{a.originals / name}: no such folder: want the originals of {name} there")
        done = subprocess.run(
            [sys.executable, __file__, "--here", "--originals", str(a.originals), name], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            text=True, timeout=900,
        )
        at = done.stdout.rfind(f"\n{name}: ")
        print(done.stdout if at < 0 else done.stdout[at + 1 :], end="", flush=True)
        worst = max(worst, done.returncode)
    return worst


if __name__ == "__main__":
    sys.exit(main())
