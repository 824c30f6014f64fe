"""Writes what a dense head of MMDetection (RetinaNet, FCOS, ATSS) makes of images, for

flbench eval --background=K --ignored=-1 FILE.npz...     K: the number of classes

The logits and labels are those that the head's own loss is given, all levels in a row.
"""

import os
import sys

import numpy
import torch


def export(model, batches, folder):
    """batches: what the training loader gives, of one image each; to folder/000000.npz, ..."""
    seen = []
    hook = model.bbox_head.loss_cls.register_forward_pre_hook(
        lambda loss, args, kwargs: seen.append((*args, kwargs.get("weight"))[:3]), with_kwargs=True
    )
    with torch.no_grad():
        for i, batch in enumerate(batches):
            seen.clear()
            model(**model.data_preprocessor(batch, training=True), mode="loss")
            logits = torch.cat([scores for scores, _, _ in seen])
            # MMDetection gives ignored anchors the weight 0, and no label of their own.
            labels = [y if weight is None else torch.where(weight == 0, -1, y) for _, y, weight in seen]
            numpy.savez(os.path.join(folder, f"{i:06d}.npz"), logits=logits.numpy(), labels=torch.cat(labels).numpy())
    hook.remove()


if __name__ == "__main__":  # random weights and a made-up image: put your own here
    from mmdet.registry import MODELS
    from mmdet.structures import DetDataSample
    from mmdet.utils import register_all_modules
    from mmengine.hub import get_config
    from mmengine.structures import InstanceData

    register_all_modules()
    torch.manual_seed(1)
    config = get_config("mmdet::retinanet/retinanet_r50_fpn_1x_coco.py").model
    config.backbone.init_cfg = None  # downloads nothing
    sample = DetDataSample(metainfo=dict(img_shape=(256, 320)))
    boxes = torch.tensor([[20.0, 30.0, 150.0, 200.0], [100.0, 60.0, 180.0, 120.0]])
    sample.gt_instances = InstanceData(bboxes=boxes, labels=torch.tensor([3, 17]))
    batch = {"inputs": [torch.randint(0, 256, (3, 256, 320), dtype=torch.uint8)], "data_samples": [sample]}
    model = MODELS.build(config)
    model.init_weights()
    export(model, [batch], sys.argv[1])
