"""torchvision's RetinaNet head, trained with flengine beside the original."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

import flengine.torch as T

STEPS = 50


@pytest.mark.torchvision
@pytest.mark.parametrize("compiled", [False, pytest.param(True, marks=pytest.mark.compiler)])
def test_retinanet_head(compiled: bool, monkeypatch: Any) -> None:
    """The losses of 50 steps agree to 1e-5 of them: float32 roundings, which training amplifies."""
    from torchvision.models.detection import retinanet

    def train() -> list[float]:
        torch.manual_seed(5)
        torch.set_num_threads(1)
        head = retinanet.RetinaNetClassificationHead(16, 3, 20)
        maps = [torch.randn(2, 16, n, n) for n in (8, 4)]
        anchors = sum(3 * n * n for n in (8, 4))
        targets = [{"labels": torch.randint(0, 20, (6,))} for _ in range(2)]
        matched = torch.where(torch.rand(2, anchors) < 0.02, torch.randint(0, 6, (2, anchors)), torch.full((), -1))
        matched = list(torch.where(torch.rand(2, anchors) < 0.05, torch.full((), -2), matched))
        optimizer = torch.optim.SGD(head.parameters(), lr=0.05, momentum=0.9)
        losses = []
        for _ in range(STEPS):
            optimizer.zero_grad()
            loss = head.compute_loss(targets, {"cls_logits": head(maps)}, matched)
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
        return losses

    want = train()
    calls = []
    focal = torch.compile(T.sigmoid_focal_loss, backend="aot_eager") if compiled else T.sigmoid_focal_loss

    def ours(*arguments: Any, **options: Any) -> Tensor:
        calls.append(1)
        return focal(*arguments, **options)

    monkeypatch.setattr(retinanet, "sigmoid_focal_loss", ours)
    got = train()
    assert len(calls) == 2 * STEPS and got[-1] < got[0]
    worst = max(abs(a / b - 1) for a, b in zip(got, want))
    print(f"\nRetinaNet's head, {STEPS} steps: loss {want[0]:.4f} to {want[-1]:.4f}, at most {worst:.1e} apart")
    assert worst < 1e-5
