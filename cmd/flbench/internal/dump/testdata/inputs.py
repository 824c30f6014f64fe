"""Makes inputs.zip: the files of each row of inputs.json, by the row's own lines, in a
folder of its own, and want.json: what is to come of them, computed here in float64.

    python3 inputs.py      # wants numpy, ml_dtypes and safetensors
"""
import io, json, os, shutil, tempfile, zipfile
import numpy as np, ml_dtypes, safetensors.numpy

A, C = 6, 3
rng = np.random.default_rng(10)


def image():
    return rng.normal(-2, 2, (A, C)).astype(np.float32)


logits, logits2 = image(), image()
labels = np.array([-1, 0, 2, -1, -2, -1], np.int32)    # −1 background, −2 ignored
labels2 = np.array([1, -1, -1, -2, -1, -1], np.int32)
boxes = rng.uniform(0, 320, (A, 4)).astype(np.float32)
weights = rng.uniform(0, 2, A).astype(np.float32)
quality = rng.uniform(0.1, 0.9, (A, C)).astype(np.float32)


def expand(labels, classes=C):
    """One-hot labels, with −1 in the rows to ignore."""
    y = np.zeros((len(labels), classes), np.int64)
    for row, label in enumerate(labels):
        if label == -2:
            y[row] = -1
        elif label >= 0:
            y[row, label] = 1
    return y


hot = expand(labels)
onehot = np.maximum(hot, 0)                            # nothing ignored
objects = hot.max(1)                                   # of one column: 0, 1, and −1 to ignore
scores = logits.max(1)                                 # one column
box_head = np.concatenate([boxes, logits], 1).T[None]  # a YOLO head: (1, 4 + C, A)


def sigmoid(x):
    return (1 / (1 + np.exp(-x.astype(np.float64)))).astype(np.float32)


def want(x, y, w=None, probs=False):
    """Counts and sum of the focal loss, alpha 0.25, gamma 2; y is −1 where ignored, and else
    from 0 to 1."""
    x, y = x.astype(np.float64).reshape(-1), np.asarray(y).astype(np.float64).reshape(-1)
    p = x if probs else 1 / (1 + np.exp(-x))
    pt = p * y + (1 - p) * (1 - y)
    loss = (0.25 * y + 0.75 * (1 - y)) * (1 - pt) ** 2 * (-y * np.log(p) - (1 - y) * np.log1p(-p))
    if w is not None:
        loss *= np.repeat(w.astype(np.float64), len(x) // len(w))
    return dict(scores=int((y >= 0).sum()), positives=int((y > 0).sum()),
                ignored=int((y < 0).sum()), sum=float(loss[y >= 0].sum()))


wants = {
    "image": want(logits, hot),
    "two images": want(np.stack([logits, logits2]), np.stack([hot, expand(labels2)])),
    "float16": want(logits.astype(np.float16), hot),
    "bfloat16": want(logits.astype(ml_dtypes.bfloat16), hot),
    "onehot": want(logits, onehot),
    "quality": want(logits, quality),
    "assigned": want(logits, np.where(onehot, quality, hot).astype(np.float16)),
    "quality, -100": want(logits, np.where(hot < 0, -1, quality)),
    "line": want(scores, np.linspace(0, 1, A)),
    "column": want(scores, objects),
    "column, nothing ignored": want(scores, np.maximum(objects, 0)),
    "column, all positive": want(scores, np.ones(A)),
    "column, zeros": want(scores, np.where(objects < 0, 0, 1)),
    "weights": want(logits, hot, weights),
    "probs": want(sigmoid(logits), hot, probs=True),
    "probs as logits": want(sigmoid(logits), hot),
    "columns 1:": want(logits[:, 1:], expand([-1, -1, 1, -1, -2, -1], C - 1)),
    "class 0": want(logits, expand([0, 1, 2, 0, -2, 0])),
    "0 is background": want(logits, expand([-1, 1, 2, -1, -2, -1])),
    "all ignored": want(logits, np.full((A, C), -1)),
    "binary as classes": want(logits, expand(onehot[:, 0])),
    "no object": want(logits, np.zeros((A, C))),
    "no anchor": want(logits[:0], hot[:0]),
}

here = os.path.dirname(os.path.abspath(__file__))
rows = json.load(open(os.path.join(here, "inputs.json")))
with zipfile.ZipFile(os.path.join(here, "inputs.zip"), "w", zipfile.ZIP_DEFLATED) as z:
    def add(name, data):
        z.writestr(zipfile.ZipInfo(name), data, zipfile.ZIP_DEFLATED)  # without today's date

    add("want.json", json.dumps(wants, indent=1, ensure_ascii=False))
    for number, row in enumerate(r for section in rows for r in section["rows"]):
        if row.get("want") is not None and row["want"] not in wants:
            raise SystemExit(f"{row}: no such want")
        with tempfile.TemporaryDirectory() as folder:
            os.chdir(folder)
            lines = row.get("python", [])
            if "scores" in row:
                lines += [f"np.save('x.npy', {row['scores']})", f"np.save('y.npy', {row['labels']})"]
            exec("\n".join(lines), dict(globals()))
            for parent, folders, files in sorted(os.walk(".")):
                if not folders + files:
                    add(f"{number:03}/" + os.path.relpath(parent, ".") + "/", b"")
                for file in sorted(files):
                    path = os.path.join(parent, file)
                    add(f"{number:03}/" + os.path.relpath(path, "."), open(path, "rb").read())
            os.chdir(here)
