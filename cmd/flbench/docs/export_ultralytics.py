"""Writes what an Ultralytics detector (YOLOv8, 11, ...) makes of images, for

flbench eval --layout=nca FILE.npz...                                          the logits, class-major
flbench eval --probs --layout=nca --columns=4: --logits-key=output FILE.npz... what the model returns

The labels are those of the model's own task-aligned assigner, -1 where it assigns no box.
"""

import os
import sys

import numpy
import torch
from ultralytics import YOLO
from ultralytics.utils import DEFAULT_CFG


def export(model, images, boxes, classes, folder):
    """images: tensors (3, H, W) in [0, 1], H and W multiples of 32; boxes: (n, 4) of each, as centre and
    size in parts of the image; classes: (n,); to folder/000000.npz, ..."""
    model.args = DEFAULT_CFG
    criterion = model.init_criterion()
    criterion = getattr(criterion, "one2many", criterion)  # of a head with two
    assigned = []
    criterion.assigner.register_forward_hook(lambda module, inputs, outputs: assigned.append(outputs))
    model.eval()
    for i, (image, box, cls) in enumerate(zip(images, boxes, classes)):
        with torch.no_grad():
            output, raw = model(image[None])  # (1, 4 + classes, anchors): boxes, then probabilities
            raw = raw.get("one2many", raw)
            criterion(raw, {"batch_idx": torch.zeros(len(cls)), "cls": cls, "bboxes": box})
        labels, _, _, foreground, _ = assigned.pop()
        numpy.savez(
            os.path.join(folder, f"{i:06d}.npz"),
            logits=raw["scores"].numpy(),  # (1, classes, anchors), before the sigmoid
            labels=torch.where(foreground.bool(), labels, -1).numpy(),  # (1, anchors)
            output=output.numpy(),
        )


if __name__ == "__main__":  # random weights and a made-up image: put your own here, YOLO("yolov8n.pt")
    torch.manual_seed(1)
    boxes, classes = torch.tensor([[0.3, 0.4, 0.4, 0.5], [0.6, 0.5, 0.3, 0.2]]), torch.tensor([3.0, 17.0])
    export(YOLO("yolov8n.yaml").model, [torch.rand(3, 320, 320)], [boxes], [classes], sys.argv[1])
