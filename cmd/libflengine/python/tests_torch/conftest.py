"""What the tests of flengine.torch need to run, and what is not run said once more at the end."""

from __future__ import annotations

import os
from typing import Any

import pytest
import torch

COMPILER = hasattr(torch.library, "register_autograd")  # PyTorch 2.4
try:
    import torchvision
except ImportError:
    torchvision = None


def pytest_configure(config: Any) -> None:
    config.addinivalue_line("markers", "compiler: needs PyTorch 2.4 or later")
    config.addinivalue_line("markers", "torchvision: needs torchvision")


def pytest_collection_modifyitems(items: list[Any]) -> None:
    """Skips what cannot run here, unless FLENGINE_REQUIRE_TORCH says that all must."""
    if os.environ.get("FLENGINE_REQUIRE_TORCH"):
        return
    for item in items:
        if item.get_closest_marker("compiler") and not COMPILER:
            item.add_marker(pytest.mark.skip(reason=f"PyTorch {torch.__version__} has no torch.library.register_autograd"))
        if item.get_closest_marker("torchvision") and torchvision is None:
            item.add_marker(pytest.mark.skip(reason="no torchvision here"))


@pytest.fixture(autouse=True)
def seeded() -> Any:
    """The same numbers in every order of tests, and PyTorch's settings as they were."""
    torch.manual_seed(1)
    threads = torch.get_num_threads()
    yield
    torch.set_num_threads(threads)
