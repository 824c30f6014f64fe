"""Writes what torchvision's RetinaNet makes of images, for

flbench eval FILE.npz...

The labels are those of the model's own loss: its matcher calls background -1 and
anchors between its thresholds -2, as flbench does, so no flag is needed.
"""

import os
import sys

import numpy
import torch
import torchvision


def export(model, images, targets, folder):
    """images: tensors (3, H, W); targets: {"boxes": (n, 4), "labels": (n,)} of each; to folder/000000.npz, ..."""
    head = model.head.classification_head
    count = 0

    def save(targets, outputs, matched):  # in place of the loss, which is given all that is needed
        nonlocal count
        for target, logits, rows in zip(targets, outputs["cls_logits"], matched):
            labels = rows.clone()  # per anchor: its box's index, -1 or -2
            labels[rows >= 0] = target["labels"][rows[rows >= 0]]
            numpy.savez(os.path.join(folder, f"{count:06d}.npz"), logits=logits.numpy(), labels=labels.numpy())
            count += 1
        return torch.zeros(())

    head.compute_loss = save
    model.train()  # only then does it match,
    model.apply(lambda m: isinstance(m, torch.nn.BatchNorm2d) and m.eval())  # but its statistics shall stay
    with torch.no_grad():
        for image, target in zip(images, targets):  # one at a time: each has a size of its own
            model([image], [target])
    del head.compute_loss


if __name__ == "__main__":  # random weights and a made-up image: put your own here
    torch.manual_seed(1)
    model = torchvision.models.detection.retinanet_resnet50_fpn(weights=None, weights_backbone=None, min_size=256)
    boxes = torch.tensor([[20.0, 30.0, 150.0, 200.0], [100.0, 60.0, 180.0, 120.0]])
    images, targets = [torch.rand(3, 256, 320)], [{"boxes": boxes, "labels": torch.tensor([3, 17])}]
    export(model, images, targets, sys.argv[1])
