"""Forked children, workers of a DataLoader, and a library that is loaded late."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from typing import Any

import pytest
import torch

import flengine
import flengine.torch as T


class Losses(torch.utils.data.Dataset[Any]):
    """A data set whose items are losses, evaluated where they are fetched."""

    def __len__(self) -> int:
        return 4

    def __getitem__(self, i: int) -> torch.Tensor:
        return T.sigmoid_focal_loss(torch.full((3,), float(i)), torch.zeros(3))


def test_a_forked_child_raises_at_once() -> None:
    """It would hang in Go's runtime otherwise; SIGALRM ends it if it does."""
    x, y = torch.randn(5, requires_grad=True), torch.rand(5)
    T.sigmoid_focal_loss(x, y)
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        signal.alarm(30)
        said = []
        for call in (lambda: T.sigmoid_focal_loss(x, y), lambda: T.sigmoid_focal_loss(x.detach(), y, reduction="sum")):
            try:
                call()
            except flengine.ForkError as e:
                said.append(str(e))
        os.write(write, "\n".join(said).encode())
        os._exit(0)
    os.close(write)
    with os.fdopen(read) as f:
        said = f.read().splitlines()
    assert os.waitpid(child, 0)[1] == 0
    assert len(said) == 2 and all("spawn" in line for line in said)
    T.sigmoid_focal_loss(x, y, reduction="sum").backward()  # and the parent goes on


def test_workers_of_a_data_loader() -> None:
    T.sigmoid_focal_loss(torch.zeros(1), torch.zeros(1))
    forked = torch.utils.data.DataLoader(Losses(), num_workers=2, multiprocessing_context="fork", timeout=60)
    with pytest.raises(RuntimeError, match="multiprocessing_context='spawn'"):
        list(forked)


def test_spawned_workers_evaluate() -> None:
    spawned = torch.utils.data.DataLoader(Losses(), num_workers=2, multiprocessing_context="spawn", timeout=120)
    got = torch.cat(list(spawned))
    assert torch.equal(got, torch.stack([Losses()[i] for i in range(4)]))


def test_a_child_may_be_the_first_to_call() -> None:
    """Importing does not load the library, so a fork before the first call does no harm."""
    program = """
import os, signal, torch, flengine.torch as T
child = os.fork()
if child == 0:
    signal.alarm(60)
    os._exit(0 if T.sigmoid_focal_loss(torch.zeros(1), torch.zeros(1)).item() > 0 else 1)
assert os.waitpid(child, 0)[1] == 0
assert T.sigmoid_focal_loss(torch.zeros(1), torch.zeros(1)).item() > 0
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
