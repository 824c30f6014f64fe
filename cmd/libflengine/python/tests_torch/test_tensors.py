"""Tensors of all kinds: layouts, types, devices, and what is refused with a word."""

from __future__ import annotations

import re
from typing import Any

import pytest
import torch
from cases import CASES, COLUMNS, REDUCTIONS, Case, scores_for

import flengine
import flengine.torch as T

EVERY = pytest.mark.parametrize("case", CASES, ids=str)
FOCAL = T.sigmoid_focal_loss


def same(a: Any, b: Any) -> None:
    """Equal in all bits, the sign of zero too."""
    assert a.shape == b.shape and a.dtype == b.dtype
    assert torch.equal(a.contiguous().view(torch.int32), b.contiguous().view(torch.int32))


@EVERY
def test_layouts(case: Case) -> None:
    """Strided, expanded and negated views are what their elements are."""
    x, y = scores_for(case)
    want = case.function(x, y, reduction="none")
    wider = torch.full((5, 2 * COLUMNS), float("nan"))
    wider[:, ::2] = x
    views = [x.t().contiguous().t(), wider[:, ::2], torch._neg_view(-x)]
    for view in views:
        assert not view.is_contiguous() or view.is_neg()
        same(case.function(view, y, reduction="none"), want)
        leaf = view.detach().requires_grad_()
        case.function(leaf, y, reduction="sum").backward()
        plain = x.clone().requires_grad_()
        case.function(plain, y, reduction="sum").backward()
        same(leaf.grad, plain.grad)
    labels = y.flip(0).flip(0).t().contiguous().t() if y.dim() > 1 else torch.stack((y, y), 1)[:, 0]
    same(case.function(x, labels, reduction="none"), want)
    row = x[:1].expand(5, COLUMNS)
    same(case.function(row, y, reduction="none"), case.function(row.contiguous(), y, reduction="none"))


def test_channels_last() -> None:
    x = torch.randn(2, 3, 4, 5)
    y = torch.rand(x.shape).round()
    c = torch.randint(0, 3, (2, 4, 5))
    last = x.to(memory_format=torch.channels_last).requires_grad_()
    first = x.clone().requires_grad_()
    for f, labels in ((FOCAL, y), (T.cross_entropy, c), (T.softmax_focal_loss, c)):
        same(f(last, labels, reduction="none"), f(first, labels, reduction="none"))
        a, b = (torch.autograd.grad(f(t, labels, reduction="sum"), t)[0] for t in (last, first))
        same(a, b)
    same(FOCAL(last.detach(), y.to(memory_format=torch.channels_last)), FOCAL(x, y))


@pytest.mark.parametrize("shape", [(), (1,), (5,), (2, 3), (2, 3, 4), (1, 1, 1, 1, 6)])
def test_shapes(shape: tuple[int, ...]) -> None:
    x, y = torch.randn(shape), torch.rand(shape)
    for f in (FOCAL, T.quality_focal_loss, T.binary_cross_entropy_with_logits):
        got = f(x, y, reduction="none")
        assert got.shape == x.shape
        same(got.reshape(-1), f(x.reshape(-1), y.reshape(-1), reduction="none"))


def test_what_broadcasts() -> None:
    """weight and pos_weight of binary cross-entropy in the shapes that PyTorch takes."""
    x, y = torch.randn(2, 3, 4, 5), torch.rand(2, 3, 4, 5)
    for weight in ((), (1,), (5,), (4, 1), (3, 1, 1), (2, 1, 1, 1), (1, 3, 4, 1), (2, 3, 4, 1), (2, 3, 4, 5)):
        for positive in (None, (), (1,), (5,), (4, 1), (3, 1, 1), (2, 1, 1, 1)):
            w, p = torch.rand(weight), None if positive is None else torch.rand(positive) * 3
            z = x.clone().requires_grad_()
            for reduction in REDUCTIONS:
                got = T.binary_cross_entropy_with_logits(z, y, w, reduction=reduction, pos_weight=p)
                wide = x.double().requires_grad_()
                want = torch.nn.functional.binary_cross_entropy_with_logits(
                    wide, y.double(), w.double(), reduction=reduction, pos_weight=None if p is None else p.double()
                )
                assert torch.allclose(got.double(), want, rtol=3e-6, atol=0), (weight, positive, reduction)
                a, b = torch.autograd.grad(got.sum(), z)[0], torch.autograd.grad(want.sum(), wide)[0]
                assert torch.allclose(a.double(), b, rtol=3e-6, atol=1e-6), (weight, positive, reduction)
    for name, shape in (("weight", (4,)), ("weight", (2, 2, 3, 4, 5)), ("pos_weight", (3, 4, 5)), ("pos_weight", (4,))):
        with pytest.raises(ValueError, match=rf"^{name} has the shape {re.escape(str(shape))}"):
            T.binary_cross_entropy_with_logits(x, y, **{name: torch.rand(shape)})


@EVERY
def test_empty(case: Case) -> None:
    """No rows: losses of that shape, and 0 for a sum and for a mean, where PyTorch's mean is NaN."""
    x, y = scores_for(case)
    if "of rows" in case.name:  # its weights are for five
        return
    empty, none = x[:0].clone().requires_grad_(), y[:0]
    assert case.function(empty, none, reduction="none").shape == case.formula(empty.double(), none).shape
    for reduction in REDUCTIONS:
        loss = case.function(empty, none, reduction=reduction)
        assert loss.sum().item() == 0
        (grad,) = torch.autograd.grad(loss.sum(), empty)
        assert grad.shape == empty.shape
    with pytest.raises((ValueError, TypeError)):
        case.function(empty, y, reduction="sum")


def test_empty_in_other_dimensions() -> None:
    assert FOCAL(torch.empty(3, 0), torch.empty(3, 0)).shape == (3, 0)
    assert FOCAL(torch.empty(0), torch.empty(0), reduction="sum").item() == 0
    assert T.cross_entropy(torch.empty(2, 3, 0), torch.empty(2, 0, dtype=torch.int64), reduction="none").shape == (2, 0)
    with pytest.raises(ValueError, match="^input has the shape .2, 0.: want at least one class"):
        T.cross_entropy(torch.empty(2, 0), torch.zeros(2, dtype=torch.int64))


@pytest.mark.parametrize("dtype", [torch.bool, torch.uint8, torch.float16, torch.bfloat16, torch.float64], ids=str)
def test_targets_of_other_types(dtype: torch.dtype) -> None:
    """The same bits; of labels, which have kernels of their own, to the bounds of both."""
    x, y = torch.randn(40), torch.rand(40).round()
    if dtype in (torch.bool, torch.uint8):
        assert torch.allclose(FOCAL(x, y.to(dtype)), FOCAL(x, y), rtol=20 * 2.0**-23, atol=0)
        same(FOCAL(x, y.to(dtype)), FOCAL(x, y.byte()))
    else:
        same(FOCAL(x, y.to(dtype)), FOCAL(x, y))


@pytest.mark.parametrize("dtype", [torch.int32, torch.uint8], ids=str)
def test_classes_of_other_types(dtype: torch.dtype) -> None:
    x, c = torch.randn(40, 7), torch.randint(0, 7, (40,))
    same(T.cross_entropy(x, c.to(dtype), reduction="none"), T.cross_entropy(x, c, reduction="none"))


def test_ignored() -> None:
    x, y = torch.randn(40), torch.rand(40)
    y[::3] = -1
    x[0] = float("nan")
    x.requires_grad_()
    losses = FOCAL(x, y)
    losses.sum().backward()
    assert not losses[::3].any() and not x.grad[::3].any() and losses[1::3].all()
    kept = y >= 0
    assert torch.allclose(FOCAL(x, y, reduction="mean"), FOCAL(x[kept], y[kept], reduction="mean"), rtol=1e-6)
    labels = torch.randint(0, 2, (40,)).byte()
    labels[::3] = 255
    assert not FOCAL(x, labels)[::3].any()


@EVERY
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16, torch.float16], ids=str)
def test_nan_at_the_last_element(case: Case, dtype: torch.dtype) -> None:
    x, y = torch.zeros(1000, COLUMNS, dtype=dtype), case.labels(torch.zeros(1000, COLUMNS))
    y[-1] = 1
    if "of rows" in case.name:
        x, y = x[:5], y[-5:]
    x[-1, -1] = float("nan")
    last = ", ".join(str(n - 1) for n in x.shape)
    name = "inputs?" if "cross" not in case.name else "input"
    with pytest.raises(flengine.InputError, match=rf"^{name}\[{last}\] is NaN: want a number$") as error:
        case.function(x, y, reduction="sum")
    assert error.value.multi_index == tuple(n - 1 for n in x.shape)
    with pytest.raises(flengine.InputError, match=r"is NaN: want a number$"):
        case.function(x.clone().requires_grad_(), y, reduction="none")


def test_bad_labels() -> None:
    x = torch.zeros(3, 4)
    for function, labels, match in (
        (FOCAL, torch.full((3, 4), 1.5), r"^targets\[0, 0\] is 1.5: want a target in \[0, 1\]"),
        (FOCAL, torch.full((3, 4), float("nan")), r"^targets\[0, 0\] is NaN"),
        (FOCAL, torch.full((3, 4), 3).byte(), r"^targets\[0, 0\] is 3: want"),
        (T.asymmetric_loss, torch.full((3, 4), 0.5), r"^targets\[0, 0\] is 0.5: want 0, 1, or"),
        (T.cross_entropy, torch.tensor([0, 4, 1]), r"^target\[1\] is 4: .*want a class in \[0, 4\), or -100 for ignored, which ignore_index= sets"),
        (T.cross_entropy, torch.tensor([0, 1, -1]), r"^target\[2\] is -1: .*want a class"),
        (T.cross_entropy, torch.tensor([0, 1, 2**32]), r"^target\[2\] is 4294967296: .*want a class"),
    ):
        with pytest.raises(flengine.InputError, match=match):
            function(x, labels)
    planes = torch.zeros(2, 4, 3, 5)
    planes[1, 3, 2, 4] = float("nan")
    with pytest.raises(flengine.InputError, match=r"^input\[1, 3, 2, 4\] is NaN") as error:
        T.cross_entropy(planes, torch.zeros(2, 3, 5, dtype=torch.int64))
    assert error.value.multi_index == (1, 3, 2, 4) and error.value.index == planes.numel() - 1
    with pytest.raises(flengine.InputError, match=r"^target\[1, 2, 4\] is 9"):
        T.cross_entropy(torch.zeros(2, 4, 3, 5), torch.where(planes[:, 3].isnan(), 9, 0))
    with pytest.raises(flengine.InputError, match=r"^weight\[2\] is -1"):
        T.cross_entropy(x, torch.zeros(3, dtype=torch.int64), torch.tensor([1.0, 1, -1, 1]))
    with pytest.raises(flengine.InputError, match=r"^pos_weight\[0\] is NaN"):
        T.binary_cross_entropy_with_logits(x, x, pos_weight=torch.tensor(float("nan")))
    with pytest.raises(flengine.InputError, match=r"^weight\[1, 0\] is -2"):
        T.binary_cross_entropy_with_logits(x, x, weight=torch.tensor([[0.0, 0, 0, 0], [-2, 0, 0, 0], [0, 0, 0, 0]]))


@pytest.mark.parametrize(
    "change, error, match",
    [
        (lambda x, y: (x.to("meta"), y), ValueError, "^inputs is on meta: want it on the CPU"),
        (lambda x, y: (x, y.to("meta")), ValueError, "^targets is on meta: want it on the CPU"),
        (lambda x, y: (x.to_sparse(), y), TypeError, "^inputs is torch.sparse_coo: want a dense tensor"),
        (lambda x, y: (x, y.to_sparse()), TypeError, "^targets is torch.sparse_coo: want a dense tensor"),
        (lambda x, y: (x.to_mkldnn(), y), TypeError, "^inputs is torch._mkldnn: want a dense tensor"),
        (lambda x, y: (x + 1j, y), TypeError, "^inputs is torch.complex64: want logits of"),
        (lambda x, y: (torch.quantize_per_tensor(x, 0.1, 0, torch.quint8), y), TypeError, "^inputs is torch.quint8: want"),
        (lambda x, y: (x.long(), y), TypeError, "^inputs is torch.int64: want logits of"),
        (lambda x, y: (x, y.long()), TypeError, "^targets is torch.int64: want floats"),
        (lambda x, y: (x.numpy(), y), TypeError, "^inputs is a ndarray: want a torch.Tensor"),
        (lambda x, y: (x, y.tolist()), TypeError, "^targets is a list: want a torch.Tensor"),
        (lambda x, y: (x, y[:2]), ValueError, r"^targets has the shape \(2, 4\): want that of inputs, \(3, 4\)"),
        (lambda x, y: (x, y.requires_grad_()), ValueError, r"^targets requires a gradient.*targets.detach\(\)"),
    ],
)
def test_refused(change: Any, error: Any, match: str) -> None:
    x, y = change(torch.zeros(3, 4), torch.zeros(3, 4))
    with pytest.raises(error, match=match):
        FOCAL(x, y)


def test_refused_parameters() -> None:
    x, y, c = torch.zeros(3, 4), torch.zeros(3, 4), torch.zeros(3, dtype=torch.int64)
    for call, error, match in (
        (lambda: FOCAL(x, y, reduction="batchmean"), ValueError, "^Invalid reduction 'batchmean'"),
        (lambda: FOCAL(x, y, gamma=-1), ValueError, "^gamma is -1: want"),
        (lambda: FOCAL(x, y, gamma=float("inf")), ValueError, "^gamma is "),
        (lambda: FOCAL(x, y, alpha=1.5), ValueError, "^alpha is 1.5: want"),
        (lambda: FOCAL(x, y, alpha=-0.5), ValueError, "^alpha is -0.5: want"),
        (lambda: FOCAL(x, y, alpha="high"), TypeError, "^alpha is 'high': want a number"),
        (lambda: FOCAL(x, y, alpha=torch.tensor(0.5, requires_grad=True)), ValueError, "^alpha requires a gradient"),
        (lambda: T.quality_focal_loss(x, y, beta=0.5), ValueError, "^beta is 0.5: want"),
        (lambda: T.cross_entropy(x, y), TypeError, "^target is torch.float32: .*torch.nn.functional.cross_entropy"),
        (lambda: T.cross_entropy(x, c.short()), TypeError, "^target is torch.int16: want classes of"),
        (lambda: T.cross_entropy(x, c[:2]), ValueError, r"^target has the shape \(2,\): want \(3,\)"),
        (lambda: T.cross_entropy(x, c, torch.ones(3)), ValueError, r"^weight has the shape \(3,\): want \(4,\)"),
        (lambda: T.cross_entropy(x, c, ignore_index=2**31), ValueError, "^ignore_index is 2147483648"),
        (lambda: T.cross_entropy(x, c, size_average=True), ValueError, "^size_average and reduce are deprecated"),
        (lambda: T.cross_entropy(x, c, label_smoothing=1.0), ValueError, "^label_smoothing is 1: want"),
        (lambda: T.cross_entropy(torch.zeros(()), c[0]), ValueError, "^input has no dimensions"),
        (
            lambda: T.binary_cross_entropy_with_logits(x, y, torch.ones(4, requires_grad=True)),
            ValueError,
            "^weight requires a gradient",
        ),
    ):
        with pytest.raises(error, match=match):
            call()
    assert FOCAL(x, y, torch.tensor(0.5), torch.tensor(2)).equal(FOCAL(x, y, 0.5, 2.0))


def test_defaults_of_pytorch_do_not_matter() -> None:
    """torch.set_default_dtype and torch.set_default_device are of tensors that others make."""
    x, y = torch.randn(30, requires_grad=True), torch.rand(30)
    want = [FOCAL(x, y, reduction=r) for r in REDUCTIONS]
    torch.set_default_dtype(torch.float64)
    try:
        for reduction, w in zip(REDUCTIONS, want):
            got = FOCAL(x, y, reduction=reduction)
            assert got.dtype == torch.float32 and torch.equal(got, w)
    finally:
        torch.set_default_dtype(torch.float32)
    if hasattr(torch, "set_default_device"):
        torch.set_default_device("meta")
        try:
            got = FOCAL(x, y, reduction="sum")
            (grad,) = torch.autograd.grad(got, x)
        finally:
            torch.set_default_device(None)
        assert torch.equal(got, want[2]) and grad.is_cpu


def test_subclasses_and_parameters() -> None:
    x, y = torch.randn(3, 4), torch.rand(3, 4)
    parameter = torch.nn.Parameter(x.clone())
    FOCAL(parameter, y, reduction="sum").backward()
    assert parameter.grad is not None

    class Named(torch.Tensor):
        pass

    if not T._op.REGISTERED:
        with pytest.raises(RuntimeError, match="need PyTorch 2.4 or later"):
            FOCAL(x.as_subclass(Named), y)
        return
    assert torch.equal(FOCAL(x.as_subclass(Named), y).as_subclass(torch.Tensor), FOCAL(x, y))


def test_sums_beyond_a_type() -> None:
    """Infinite where the type ends, as torch.sum's are."""
    x, y = torch.full((1000,), 100.0), torch.zeros(1000)
    assert T.binary_cross_entropy_with_logits(x.half(), y, reduction="sum").item() == float("inf")
    big = torch.full((20,), 1e38)
    assert T.binary_cross_entropy_with_logits(big, torch.zeros(20), reduction="sum").item() == float("inf")
    assert T.binary_cross_entropy_with_logits(big.double(), torch.zeros(20), reduction="sum").item() > 1e39


def test_factors_of_integers_and_masks() -> None:
    """As PyTorch's own functions take them."""
    x, y = torch.randn(6, 4), torch.rand(6, 4)
    mask = torch.rand(6, 1) < 0.5
    for weight in (mask, torch.tensor([0, 1, 2, 3]), torch.tensor([0, 1, 2, 3], dtype=torch.uint8)):
        want = torch.nn.functional.binary_cross_entropy_with_logits(x, y, weight, reduction="none")
        torch.testing.assert_close(T.binary_cross_entropy_with_logits(x, y, weight, reduction="none"), want)
    classes = torch.tensor([0, 1, 2, 3, 0, 1])
    for wrong in ([1, 1, 1, 1], 2.0):
        with pytest.raises(TypeError, match=f"^weight is a {type(wrong).__name__}: want a torch.Tensor"):
            T.cross_entropy(x, classes, wrong)
    with pytest.raises(TypeError, match="^weight is torch.complex64: want factors of"):
        T.cross_entropy(x, classes, torch.ones(4) * 1j)


def test_parameters_are_named_as_they_are_given() -> None:
    x, y, classes = torch.zeros(2, 3), torch.zeros(2, 3), torch.zeros(2, dtype=torch.int64)
    for call, match in (
        (lambda: T.cross_entropy(x, classes, label_smoothing=2), "^label_smoothing is 2: want"),
        (lambda: T.asymmetric_loss(x, y, gamma_pos=-1), "^gamma_pos is -1: want"),
        (lambda: T.asymmetric_loss(x, y, gamma_neg=-1), "^gamma_neg is -1: want"),
    ):
        with pytest.raises(flengine.InputError, match=match):
            call()
    for index in (None, 1.5):
        with pytest.raises(TypeError, match=f"^ignore_index is {index}: want an integer"):
            T.cross_entropy(x, classes, ignore_index=index)
    assert torch.equal(T.sigmoid_focal_loss(x, y, alpha=True), T.sigmoid_focal_loss(x, y, alpha=1))
