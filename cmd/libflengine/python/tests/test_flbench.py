"""The same bits as the Go command: on real logits, and on what flengine.dump writes."""

from __future__ import annotations

import hashlib
import json
import os
import stat
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import wanted

import flengine

IMAGES = ("nanodet/astronaut", "nanodet/coffee", "handtrack/astronaut", "handtrack/chelsea", "handtrack/coffee")
LOSSES = ("ce", "balanced", "focal", "focal(gamma=1.5,pos=1,neg=1)", "qfl", "vfl", "heatmap", "asl", "ce(smoothing=0.1)")
GOLDEN = Path(__file__).with_name("golden.json")


def evaluated(flbench: Path, *arguments: str) -> Any:
    run = subprocess.run([str(flbench), "eval", "--json", *arguments], capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    return json.loads(run.stdout)["total"]


def real(testdata: Path, image: str) -> tuple[Any, Any]:
    folder = testdata / "detector-logits" / image
    return np.load(folder / "logits.npy"), np.load(folder / "labels.npy")


@pytest.mark.parametrize("image", ["nanodet/astronaut", "handtrack/chelsea"])
@pytest.mark.parametrize("loss", LOSSES)
def test_real_logits(flbench: Path, testdata: Path, tmp_path: Path, image: str, loss: str) -> None:
    x, c = real(testdata, image)
    files = [f"--losses-out={tmp_path}/l.npy", f"--gradients-out={tmp_path}/g.npy"]
    total = evaluated(flbench, "--loss", loss, *files, str(testdata / "detector-logits" / image))
    losses, gradients, result = flengine.losses_and_gradients(x, c, loss)
    assert result.text == total["exact"] == flengine.loss(x, c, loss, kernel="generic").text
    for name in ("scores", "positives", "ignored", "sum", "mean", "per_positive"):
        assert getattr(result, name) == total[name]
    assert np.load(tmp_path / "l.npy").tobytes() == losses.tobytes()
    assert np.load(tmp_path / "g.npy").tobytes() == gradients.tobytes()


def test_golden(testdata: Path) -> None:
    """Hashes of losses, gradients and second derivatives, for machines without Go.

    FLENGINE_GOLDEN=write writes them anew.
    """
    hashes = {}
    for loss in LOSSES:
        h = hashlib.sha256()
        for image in IMAGES:
            x, c = real(testdata, image)
            losses, gradients, result = flengine.losses_and_gradients(x, c, loss)
            first, second, of_hessians = flengine.gradients_and_hessians(x, c, loss)
            for part in (losses, gradients, first, second):
                h.update(part.astype("<f4").tobytes())
            h.update(result.exact + of_hessians.exact)
        hashes[loss] = h.hexdigest()
    for loss in ("softmaxce", "softmaxfocal", "softmaxce(smoothing=0.1)"):
        h = hashlib.sha256()
        for image in IMAGES:
            x, c = real(testdata, image)
            losses, gradients, result = flengine.losses_and_gradients(x, np.where(c == -1, 0, c), loss)
            h.update(losses.astype("<f4").tobytes() + gradients.astype("<f4").tobytes() + result.exact)
        hashes[loss] = h.hexdigest()
    if os.environ.get("FLENGINE_GOLDEN") == "write":
        GOLDEN.write_text(json.dumps(hashes, indent="\t") + "\n")
    assert hashes == json.loads(GOLDEN.read_text())


def dumps(rng: np.random.Generator) -> list[tuple[Any, Any, dict[str, Any]]]:
    x = rng.normal(-3, 3, (50, 6)).astype(np.float32)
    c = rng.integers(-2, 6, 50)
    hot = (np.arange(6) == c[:, None]).astype(np.uint8)
    soft = np.where(hot == 1, rng.random(x.shape), 0).astype(np.float32)
    p = 1 / (1 + np.exp(-x))
    return [
        (x, c, {}),
        (x.astype(np.float16), c.astype(np.int8), {}),
        (x.astype(np.float64), c.astype(np.int16), {"weights": rng.random(50)}),
        (np.asfortranarray(x), c[::-1], {}),
        (x.astype(">f4"), c.astype(">i4"), {}),
        (x.reshape(2, 25, 6), c.reshape(2, 25), {}),
        (x, np.select([c == -1, c == -2], [6, -1], c), {"background": 6, "ignored": -1}),
        (x, np.where(c == -2, -100, c), {"ignored": (-100, 255)}),
        (x, hot, {}),
        (x, hot.astype(bool), {}),
        (x, np.where(c[:, None] == -2, -1, hot.astype(int)), {"ignored": -1}),
        (x, soft, {}),
        (x, soft.astype(np.float16), {}),
        (x, hot.astype(np.float64), {}),
        (x, hot.astype(np.float32), {"form": "binary"}),
        (x, hot.astype(np.float32), {"form": "soft"}),
        (p, c, {"probs": True, "weights": np.ones(50, bool)}),
        (x[:, 0].copy(), hot[:, 0].astype(np.int64), {"form": "binary"}),
        (x[:, :1], np.where(c == 0, 0, -1), {}),
        (x[:, 0].copy(), np.where(c == 0, 0, 7), {"form": "class", "background": 7}),
    ]


@pytest.mark.parametrize("ending", ["", ".npz", ".safetensors"])
def test_dumps(flbench: Path, tmp_path: Path, rng: np.random.Generator, ending: str) -> None:
    for i, (x, t, kwargs) in enumerate(dumps(rng)):
        path = tmp_path / f"image{i}{ending}"
        flags = flengine.dump(path, x, t, **kwargs)
        loss = "focal" if kwargs.get("probs") or kwargs.get("form") else "qfl"
        total = evaluated(flbench, "--loss", loss, *flags, str(path))
        assert total["exact"] == flengine.loss(x, t, loss, **kwargs).text, (i, flags)
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted(f"image{i}{ending}" for i in range(len(dumps(rng))))


@pytest.mark.parametrize("ending", ["", ".npz", ".safetensors"])
def test_dumps_of_bfloat16(flbench: Path, tmp_path: Path, rng: np.random.Generator, ending: str) -> None:
    bfloat16 = wanted("ml_dtypes").bfloat16
    x, c = rng.normal(-3, 3, (50, 6)).astype(bfloat16), rng.integers(-2, 6, 50)
    path = tmp_path / f"image{ending}"
    total = evaluated(flbench, *flengine.dump(path, x, c), str(path))
    assert total["exact"] == flengine.loss(x, c).text


def test_dumps_are_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    x, c = np.zeros((4, 3), np.float32), np.zeros(4, int)
    flengine.dump(tmp_path / "a.npz", x + 1, c)
    flengine.dump(tmp_path / "a.npz", x, c)  # replaced
    with np.load(tmp_path / "a.npz") as arrays:
        assert sorted(arrays) == ["labels", "logits"] and np.array_equal(arrays["logits"], x)
    mask = os.umask(0)
    os.umask(mask)
    assert stat.S_IMODE((tmp_path / "a.npz").stat().st_mode) == 0o666 & ~mask
    flengine.dump(tmp_path / "folder", x, c)
    with pytest.raises(FileExistsError, match="is there and is no empty folder: want another"):
        flengine.dump(tmp_path / "folder", x, c)
    (tmp_path / "file").write_text("")
    with pytest.raises(FileExistsError, match="no empty folder"):
        flengine.dump(tmp_path / "file", x, c)
    (tmp_path / "empty").mkdir()
    flengine.dump(tmp_path / "empty", x, c)
    with pytest.raises(FileNotFoundError):
        flengine.dump(tmp_path / "none" / "a.npz", x, c)
    there = sorted(p.name for p in tmp_path.iterdir())
    with pytest.raises(flengine.InputError, match="path is .*a.npy'.*: want it to end in .npz or .safetensors"):
        flengine.dump(tmp_path / "a.npy", x, c)
    with pytest.raises(flengine.InputError, match="targets has shape"):
        flengine.dump(tmp_path / "b.npz", x, c[1:])
    with pytest.raises(flengine.InputError, match="can mean two things"):
        flengine.dump(tmp_path / "b.npz", x[:, 0], c)

    def full(*arguments: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    for path in ("c.npz", "c.safetensors", "c"):
        with pytest.raises(OSError, match="No space left"):
            flengine.dump(tmp_path / path, x, c)
    assert sorted(p.name for p in tmp_path.iterdir()) == there


def test_safetensors(tmp_path: Path, rng: np.random.Generator) -> None:
    """The package reads what is written without it."""
    load_file = wanted("safetensors.numpy").load_file
    x, c = rng.normal(-3, 3, (50, 6)).astype(np.float16), rng.integers(-2, 6, 50)
    flengine.dump(tmp_path / "a.safetensors", x, c, weights=np.ones(50))
    arrays = load_file(tmp_path / "a.safetensors")
    assert np.array_equal(arrays["logits"], x) and np.array_equal(arrays["labels"], c)
    assert arrays["weights"].dtype == np.float32 and arrays["logits"].dtype == np.float16
