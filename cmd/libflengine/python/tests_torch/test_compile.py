"""torch.compile, torch.export, FakeTensor and torch's own checks of operators."""

from __future__ import annotations

import pytest
import torch
from cases import CASES, REDUCTIONS, Case, scores_for

import flengine
import flengine.torch as T

pytestmark = pytest.mark.compiler
FOCAL = T.sigmoid_focal_loss


@pytest.fixture(autouse=True)
def fresh() -> None:
    torch._dynamo.reset()


@pytest.mark.parametrize("case", CASES, ids=str)
def test_one_graph_with_the_bits_of_eager(case: Case) -> None:
    """Losses are bit for bit those of eager mode; gradients of means may differ by the order of two products."""
    x, y = scores_for(case)
    for reduction in REDUCTIONS:
        compiled = torch.compile(lambda x, y: case.function(x * 2, y, reduction=reduction), fullgraph=True, backend="aot_eager")
        a, b = x.clone().requires_grad_(), x.clone().requires_grad_()
        got, want = compiled(a, y), case.function(b * 2, y, reduction=reduction)
        assert torch.equal(got, want)
        got.sum().backward()
        want.sum().backward()
        assert torch.allclose(a.grad, b.grad, rtol=3e-7, atol=0)
        with torch.no_grad():
            assert torch.equal(compiled(x, y), want)


@pytest.mark.parametrize("dynamic", [False, True])
def test_inductor(dynamic: bool) -> None:
    """With the C++ that Inductor makes around it, and parameters and sizes that vary."""
    compiled = torch.compile(
        lambda x, y, a, g: FOCAL(x.exp().log(), y, a, g, reduction="sum") / 3, fullgraph=True, dynamic=dynamic
    )
    for n, alpha, gamma in ((3, 0.25, 2.0), (5, 0.5, 1.5), (8, -1, 0)):
        x, y = torch.randn(n, 4, requires_grad=True), torch.rand(n, 4)
        got, want = compiled(x, y, alpha, gamma), FOCAL(x, y, alpha, gamma, reduction="sum") / 3
        assert torch.allclose(got, want, rtol=1e-5)
        a, b = torch.autograd.grad(got, x)[0], torch.autograd.grad(want, x)[0]
        assert torch.allclose(a, b, rtol=1e-4, atol=1e-6)


def test_autocast() -> None:
    x, y = torch.randn(5, 4), torch.rand(5, 4)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        compiled = torch.compile(lambda x, y: FOCAL(x, y, reduction="sum"), fullgraph=True, backend="aot_eager")
        got = compiled(x.bfloat16(), y)
    assert got.dtype == torch.float32 and torch.equal(got, FOCAL(x.bfloat16().float(), y, reduction="sum"))


def test_errors_come_through() -> None:
    compiled = torch.compile(lambda x, y: FOCAL(x, y), fullgraph=True, backend="aot_eager")
    x, y = torch.zeros(3, 4), torch.zeros(3, 4)
    x[2, 3] = float("nan")
    with pytest.raises(flengine.InputError, match=r"^inputs\[2, 3\] is NaN"):
        compiled(x, y)


def test_operator_checks() -> None:
    """The schema, the fake implementation and the registration of the derivative, by torch.library.opcheck."""
    x, y, w = torch.randn(5, 4, requires_grad=True), torch.rand(5, 4), torch.rand(4)
    c = torch.randint(0, 4, (5,))
    checks = ("test_schema", "test_autograd_registration", "test_faketensor")
    focal, ce = ("focal(alpha={},gamma={})", [0.25, 2.0], []), ("softmaxce", [], [-100])
    for labels, weight, loss in ((y, None, focal), (c, w, ce)):
        for reduction in REDUCTIONS:
            for scores in (x, x.detach(), x.double(), x.bfloat16()):
                for wide in (False, True) if scores.dtype is torch.bfloat16 else (False,):
                    arguments = (scores, labels, None, None, weight, None, *loss, reduction, wide, -1, scores.requires_grad)
                    torch.library.opcheck(torch.ops.flengine.evaluate.default, arguments, test_utils=checks)


def test_second_derivative_of_the_operator_is_refused() -> None:
    x, y = torch.randn(5, requires_grad=True), torch.rand(5)
    loss = torch.ops.flengine.evaluate(x, y, None, None, None, None, "ce", [], [], "sum", False, -1, True)[0]
    (grad,) = torch.autograd.grad(loss, x, create_graph=True)
    with pytest.raises(RuntimeError, match="cannot be differentiated again"):
        grad.sum().backward()


def test_export_and_fake_tensors() -> None:
    class Module(torch.nn.Module):
        def forward(self, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
            return FOCAL(x, y, reduction="mean")

    x, y = torch.randn(5, 4), torch.rand(5, 4)
    exported = torch.export.export(Module(), (x, y))
    assert torch.equal(exported.module()(x + 1, y), FOCAL(x + 1, y, reduction="mean"))
    with torch._subclasses.FakeTensorMode() as mode:
        fake = FOCAL(mode.from_tensor(x), mode.from_tensor(y))
    assert fake.shape == x.shape and isinstance(fake, torch._subclasses.FakeTensor)


@pytest.mark.filterwarnings("ignore")
def test_trace() -> None:
    """torch.jit.trace records the operator, not the numbers that it gave."""
    x, y = torch.randn(5, 4), torch.rand(5, 4)
    traced = torch.jit.trace(lambda x, y: FOCAL(x, y), (x, y))
    assert torch.equal(traced(x + 1, y), FOCAL(x + 1, y))
