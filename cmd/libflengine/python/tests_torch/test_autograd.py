"""Autograd and its surroundings: second derivatives, modes, transforms, autocast, threads, flush-to-zero."""

from __future__ import annotations

import threading
from typing import Any

import pytest
import torch
import torch.utils.checkpoint
from cases import CASES, REDUCTIONS, Case, scores_for

import flengine.torch as T
from flengine import _lib

EVERY = pytest.mark.parametrize("case", CASES, ids=str)
FOCAL = T.sigmoid_focal_loss


@EVERY
@pytest.mark.parametrize("reduction", REDUCTIONS)
def test_second_derivatives_are_refused(case: Case, reduction: str) -> None:
    """Where they are used, and never 0 in silence; create_graph alone does no harm."""
    x, y = scores_for(case)
    x.requires_grad_()
    (plain,) = torch.autograd.grad(case.function(x, y, reduction=reduction).sum(), x)
    (first,) = torch.autograd.grad(case.function(x, y, reduction=reduction).sum(), x, create_graph=True)
    assert torch.equal(first.detach(), plain) and first.requires_grad
    with pytest.raises(RuntimeError, match="cannot be differentiated again"):
        ((first**2).sum() + x.sum()).backward()
    with pytest.raises(RuntimeError, match="cannot be differentiated again"):
        torch.autograd.functional.hessian(lambda x: case.function(x, y, reduction="sum"), x.detach())


def test_modified_scores() -> None:
    """As PyTorch's own losses, backward does not take scores that were written to since."""
    x, y = torch.randn(9, requires_grad=True), torch.rand(9)
    z = x * 1
    loss = FOCAL(z, y, reduction="sum")
    z.add_(1)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        loss.backward()


def test_checkpoint_and_saved_tensor_hooks() -> None:
    x, y = torch.randn(50, requires_grad=True), torch.rand(50)
    (want,) = torch.autograd.grad(FOCAL(x * 2, y, reduction="sum") * 3, x)
    for options in ({"use_reentrant": True}, {"use_reentrant": False}):
        loss = torch.utils.checkpoint.checkpoint(lambda x: FOCAL(x * 2, y, reduction="sum"), x, **options)
        assert torch.equal(torch.autograd.grad(loss * 3, x)[0] if "False" in str(options) else backward(loss * 3, x), want)
    with torch.autograd.graph.saved_tensors_hooks(lambda t: t.numpy().copy() if not t.requires_grad else t, lambda a: torch.from_numpy(a) if not isinstance(a, torch.Tensor) else a):
        loss = FOCAL(x * 2, y, reduction="sum") * 3
    assert torch.equal(torch.autograd.grad(loss, x)[0], want)


def backward(loss: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
    x.grad = None
    loss.backward()
    assert x.grad is not None
    return x.grad


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16], ids=str)
def test_autocast(dtype: torch.dtype) -> None:
    """Losses of 16-bit scores are float32 under autocast, with the bits of the scores widened."""
    if dtype is torch.float16 and torch.__version__.startswith("1."):
        pytest.skip("PyTorch 1.13 has no autocast to float16 on CPUs")
    weight, data, y = torch.randn(8, 8, requires_grad=True), torch.randn(20, 8), torch.rand(20, 8)
    with torch.autocast("cpu", dtype=dtype):
        x = torch.nn.functional.linear(data, weight)
        assert x.dtype == dtype
        for function, labels in ((FOCAL, y), (T.cross_entropy, torch.randint(0, 8, (20,)))):
            for reduction in REDUCTIONS:
                loss = function(x, labels, reduction=reduction)
                assert loss.dtype == torch.float32
                assert torch.equal(loss, function(x.float(), labels, reduction=reduction))
                (grad,) = torch.autograd.grad(loss.sum() * 1024, weight, retain_graph=True)
                assert grad.dtype == torch.float32 and grad.isfinite().all()
    assert FOCAL(x, y).dtype == dtype


def test_transforms_are_refused() -> None:
    if not hasattr(torch, "func"):
        functorch = pytest.importorskip("functorch")  # which Debian's PyTorch comes without
        vmap, grad = functorch.vmap, functorch.grad
    else:
        vmap, grad = torch.func.vmap, torch.func.grad
    x, y = torch.randn(3, 4), torch.rand(3, 4)
    for transformed in (vmap(lambda x, y: FOCAL(x, y)), grad(lambda x, y: FOCAL(x, y, reduction="sum"))):
        with pytest.raises(RuntimeError, match="transforms of torch.func"):
            transformed(x, y)


def test_forward_mode_is_refused() -> None:
    x, y = torch.randn(3), torch.rand(3)
    with torch.autograd.forward_ad.dual_level():
        with pytest.raises(NotImplementedError, match="jvp"):
            FOCAL(torch.autograd.forward_ad.make_dual(x, x), y)
        assert torch.equal(FOCAL(x, y), FOCAL(x.clone(), y))


def test_dispatch_modes() -> None:
    """They are shown the operator; before PyTorch 2.4 there is none, which is said."""
    from torch.utils._python_dispatch import TorchDispatchMode

    seen = []

    class Watch(TorchDispatchMode):
        def __torch_dispatch__(self, function: Any, types: Any, arguments: Any = (), options: Any = None) -> Any:
            seen.append(str(function))
            return function(*arguments, **(options or {}))

    x, y = torch.randn(3, requires_grad=True), torch.rand(3)
    with Watch():
        if not T._op.REGISTERED:
            with pytest.raises(RuntimeError, match="need PyTorch 2.4 or later"):
                FOCAL(x, y)
            return
        got = FOCAL(x, y, reduction="mean")
        (grad,) = torch.autograd.grad(got, x)
    assert "flengine.evaluate.default" in seen
    want = FOCAL(x, y, reduction="mean")
    assert torch.equal(got, want) and torch.allclose(grad, torch.autograd.grad(want, x)[0], rtol=1e-6, atol=0)


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_threads_are_those_of_torch(threads: int) -> None:
    x, y = torch.randn(50_000), torch.rand(50_000)
    want = FOCAL(x, y)
    torch.set_num_threads(threads)
    assert torch.equal(FOCAL(x, y), want)
    for reduction in "sum", "mean":
        assert torch.equal(FOCAL(x, y, reduction=reduction), FOCAL(x.clone(), y, reduction=reduction))
    slot = T._op._prepare(T._op.Call("focal(alpha={},gamma={})", (0.25, 2), (), "sum", False)).take()
    assert slot.request.workers == threads


def test_many_threads_at_once() -> None:
    x, y = torch.randn(20_000), torch.rand(20_000)
    want = torch.autograd.grad(FOCAL(x.requires_grad_(), y, reduction="sum"), x)[0]
    wrong = []

    def work(i: int) -> None:
        z = x.detach().clone().requires_grad_()
        for k in range(20):
            gamma = 2 if (i + k) % 2 else 1.5
            (grad,) = torch.autograd.grad(FOCAL(z, y, gamma=gamma, reduction="sum"), z)
            if gamma == 2 and not torch.equal(grad, want):
                wrong.append((i, k))

    workers = [threading.Thread(target=work, args=(i,)) for i in range(4)]
    for w in workers:
        w.start()
    for w in workers:
        w.join()
    assert not wrong


@EVERY
def test_flush_denormal_changes_no_bit(case: Case) -> None:
    """The engine computes under its own floating-point environment, whatever torch has set."""
    torch.manual_seed(3)
    x = torch.cat([torch.linspace(-103, -29, 1400), torch.linspace(-30, 30, 1400)]).reshape(-1, 7)
    y = case.labels(x)
    if "of rows" in case.name:
        x, y = x[:5], y[:5]
    x.requires_grad_()

    def bits() -> list[Any]:
        losses = case.function(x, y, reduction="none")
        (grad,) = torch.autograd.grad(losses.sum(), x)
        wide = case.function(x.detach().double(), y, reduction="none")
        total = case.function(x.detach(), y, reduction="sum")
        return [losses.detach().view(torch.int32), grad.view(torch.int32), wide.view(torch.int64), total.view(torch.int32)]

    want = bits()
    assert torch.set_flush_denormal(True)
    try:
        flushed = torch.tensor([1e-39]) * 1
        got = bits()
    finally:
        torch.set_flush_denormal(False)
    assert flushed.view(torch.int32).item() == 0, "this CPU does not flush"
    assert all(torch.equal(a, b) for a, b in zip(want, got))


def test_subnormal_losses_are_there() -> None:
    """What the test above could lose."""
    losses = FOCAL(torch.linspace(-44, -29, 100), torch.zeros(100))
    assert ((losses > 0) & (losses < 2.0**-126)).any()


@pytest.mark.filterwarnings("ignore:.*torch.jit:FutureWarning", "ignore:.*torch.jit:DeprecationWarning")
def test_torchscript() -> None:
    script = torch.jit.script(FOCAL)
    x, y = torch.randn(3, 4, requires_grad=True), torch.rand(3, 4)
    for alpha, gamma in ((0.25, 2), (-1, 1.5)):
        for reduction in REDUCTIONS:
            got, want = script(x, y, alpha, gamma, reduction), FOCAL(x, y, alpha, gamma, reduction)
            assert torch.equal(got, want)
            assert torch.equal(torch.autograd.grad(got.sum(), x)[0], torch.autograd.grad(want.sum(), x)[0])


@pytest.mark.parametrize("needs", [False, True])
def test_the_c_library_is_given_what_it_wants(needs: bool, monkeypatch: Any) -> None:
    """A slot that a call left behind does not lend its pointers to the next."""
    x, y = torch.randn(6, 4), torch.rand(6, 4)
    T.binary_cross_entropy_with_logits(x.requires_grad_(), y, torch.rand(4), reduction="none")
    T.binary_cross_entropy_with_logits(x, y, torch.rand(6, 1), reduction="none", pos_weight=torch.rand(4))
    seen = []
    real = _lib.lib.fl_evaluate

    def spy(request: int, *others: int) -> int:
        r = _lib.Request.from_address(request)
        seen.append([r.losses, r.gradients, r.weights, r.score_weights, r.class_weights, r.column_weights])
        code: int = real(request, *others)
        return code

    monkeypatch.setattr(_lib.lib, "fl_evaluate", spy)
    T.binary_cross_entropy_with_logits(x if needs else x.detach(), y, reduction="sum")
    assert seen[0][0] is None and (seen[0][1] is not None) == needs and seen[0][2:] == [None] * 4


@pytest.mark.skipif(
    not hasattr(getattr(torch._C, "_functorch", None), "is_legacy_batchedtensor"),
    reason="this PyTorch does not tell batches of upstreams: those of sums and means it refuses",
)
@pytest.mark.parametrize("reduction", REDUCTIONS)
@EVERY
def test_batches_of_upstreams(case: Case, reduction: str) -> None:
    """is_grads_batched, which vectorized Jacobians are made by, is what one call after the other gives."""
    x, y = scores_for(case)
    x.requires_grad_()
    loss = case.function(x, y, reduction=reduction)
    upstreams = torch.rand((3, *loss.shape), dtype=loss.dtype)
    (batched,) = torch.autograd.grad(loss, x, upstreams, is_grads_batched=True, retain_graph=True)
    for upstream, got in zip(upstreams, batched):
        (want,) = torch.autograd.grad(loss, x, upstream, retain_graph=True)
        torch.testing.assert_close(got, want)
    if reduction == "none" and x.dtype is torch.float32:
        (mapped,) = torch.func.vmap(lambda upstream: torch.autograd.grad(loss, x, upstream, retain_graph=True))(upstreams)
        assert torch.equal(mapped, batched)
    (last,) = torch.autograd.grad(loss, x, upstreams, is_grads_batched=True)
    assert torch.equal(last, batched)
