"""Write golden.zip from a folder of .npz files, one a case, and its index.json.

usage: golden.py FOLDER golden.zip

A member case/array.dtype of the zip is the little-endian bytes of an array. Exact values keep 36 bits of their
mantissas: 2^-12 units in the last place of float32.
"""

import json
import sys
import zipfile

import numpy as np

KEPT_OF_1000 = ("plain", "w_ign_ls", "kornia_c1000_a0p25_g2p0", "mmcv_c1000_a0p5_g0p5")
KEYS = ("x", "x_bits", "y", "label", "score", "classes", "pos_weight", "row_weight", "class_weight", "num_pos",
        "loss_exact", "grad_exact", "hess_exact", "loss_mean_exact")


def short(v):
    bits = np.ascontiguousarray(v, "<f8").view("<u8")
    return ((bits + (1 << 15)) >> 16 << 16).view("<f8")


def main(folder, path):
    index = json.load(open(folder + "/index.json"))
    cases = {}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as out:
        def write(name, data):
            out.writestr(zipfile.ZipInfo(name), data, zipfile.ZIP_DEFLATED, 9)
        for name, case in index.items():
            if name.startswith("_") or "c1000" in name and not name.endswith(KEPT_OF_1000):
                continue
            cases[name] = {"source": case["source"], "params": case["params"]}
            arrays = np.load(f"{folder}/{name}.npz")
            for key in KEYS:
                if key not in arrays.files or key == "x" and "x_bits" in arrays.files:
                    continue
                v = arrays[key]
                v = short(v) if key.endswith("_exact") else v.astype(v.dtype.newbyteorder("<"))
                planes = np.frombuffer(v.tobytes(), "u1").reshape(-1, v.itemsize).T
                write(f"{name}/{key}.{v.dtype.str[1:]}", planes.tobytes())
        write("index.json", json.dumps(cases, indent=1))


main(*sys.argv[1:])
