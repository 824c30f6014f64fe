"""Runs one of the exporters in cmd/flbench/docs and checks what flbench makes of its file.

usage: check.py PACKAGE FLBENCH FOLDER
"""

import json
import pathlib
import runpy
import subprocess
import sys
import types

import numpy
import torch
from torchvision.ops import sigmoid_focal_loss


def evaluate(*flags):
    """Returns the total that flbench prints for the exported files."""
    argv = [FLBENCH, "eval", "--json", *flags, *sorted(map(str, FOLDER.glob("*.npz")))]
    return json.loads(subprocess.run(argv, check=True, stdout=subprocess.PIPE).stdout)["total"]


def near(what, got, want, tolerance=1e-5):
    print(f"{PACKAGE}: {what}: flbench {got:.9g}, {want:.9g}, relative difference {abs(got / want - 1):.1e}")
    if not abs(got / want - 1) <= tolerance:
        sys.exit(f"{PACKAGE}: {what} differs by more than {tolerance}")


def against_torchvision(total, logits, labels, background, ignored):
    """logits: (anchors, classes); the sum in float64, as torchvision's formula loses digits in float32."""
    kept = labels != ignored
    logits, labels = torch.from_numpy(logits[kept]).double(), torch.from_numpy(labels[kept])
    target = torch.zeros_like(logits)
    rows = torch.nonzero(labels != background).squeeze(1)
    target[rows, labels[rows]] = 1
    near("torchvision.ops.sigmoid_focal_loss", total["sum"], sigmoid_focal_loss(logits, target, reduction="sum").item())
    if (total["scores"], total["positives"]) != (logits.numel(), len(rows)):
        sys.exit(f"{PACKAGE}: {total}, want {logits.numel()} scores and {len(rows)} positives")


def run():
    """Runs the exporter; returns its variables and the arrays of its one image."""
    sys.argv = ["export", str(FOLDER)]
    docs = pathlib.Path(__file__).resolve().parents[2] / "docs"
    variables = runpy.run_path(str(docs / f"export_{PACKAGE}.py"), run_name="__main__")
    with numpy.load(FOLDER / "000000.npz") as arrays:
        return variables, dict(arrays)


def torchvision():
    v, image = run()
    total = evaluate()
    against_torchvision(total, image["logits"], image["labels"], background=-1, ignored=-2)
    with torch.no_grad():
        own = v["model"](v["images"], v["targets"])["classification"].item()
    near("the model's own loss per positive", total["per_positive"], own)


def ultralytics():
    _, image = run()
    total = evaluate("--layout=nca")
    against_torchvision(total, image["logits"][0].T, image["labels"][0], background=-1, ignored=-2)
    output = evaluate("--probs", "--layout=nca", "--columns=4:", "--logits-key=output")
    near("the same from what the model returns", output["sum"], total["sum"])


def mmdetection():
    # What dense heads never call of mmcv's compiled operators need not be there.
    operators = types.ModuleType("mmcv._ext")
    operators.__getattr__ = lambda name: None
    sys.modules["mmcv._ext"] = operators
    v, image = run()
    total = evaluate("--background=80", "--ignored=-1")
    against_torchvision(total, image["logits"], image["labels"], background=80, ignored=-1)
    model = v["model"]
    with torch.no_grad():
        own = model(**model.data_preprocessor(v["batch"], training=True), mode="loss")["loss_cls"]
    near("the model's own loss per positive", total["per_positive"], sum(own).item())


PACKAGE, FLBENCH, FOLDER = sys.argv[1], sys.argv[2], pathlib.Path(sys.argv[3])
{"torchvision": torchvision, "ultralytics": ultralytics, "mmdetection": mmdetection}[PACKAGE]()
