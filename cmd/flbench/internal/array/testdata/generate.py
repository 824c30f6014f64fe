#!/usr/bin/env python3
"""Writes cases.json: files, and what NumPy, ml_dtypes and safetensors make of them.

Run it with numpy 2, ml_dtypes and safetensors; the tests need none of them.
A case is a file (base64) with its arrays by name, as shape, dtype and elements in
row-major order, or with the error of the library that reads it.
"""
import base64, io, json, os, re, struct, tempfile, warnings, zipfile
import ml_dtypes
import numpy as np
import safetensors, safetensors.numpy

warnings.simplefilter("ignore")
cases = []


def text(x):
    """One element, exactly, as Go parses it."""
    if isinstance(x, (bool, np.bool_)):
        return str(int(x))
    if isinstance(x, (int, np.integer)):
        return str(int(x))
    return float(x).hex()


def described(a):
    if a.dtype.kind == "V" and a.dtype.itemsize == 2 and not a.dtype.names:
        # What np.load makes of bfloat16. Its dtype no longer knows the order.
        a = a.view(ml_dtypes.bfloat16)
    return {"dtype": a.dtype.name, "shape": a.shape, "values": [text(x) for x in a.ravel("C")]}


def case(name, content, arrays=None, error=None, listed=None):
    c = {"name": name, "file": base64.b64encode(content).decode()}
    if listed:
        c["unreadable"] = listed  # dtypes that NumPy has not
    if error is not None:
        c["error"] = re.sub(" at 0x[0-9a-f]+", "", error)
    else:
        c["arrays"] = {k: described(np.asarray(v)) for k, v in arrays.items()}
    cases.append(c)


def saved(a, version=None):
    b = io.BytesIO()
    np.lib.format.write_array(b, a, version=version)
    return b.getvalue()


# Elements.
floats = [0.0, -0.0, 1.0, -2.5, 65504.0, 5.960464477539063e-08, -6.097555160522461e-05, 0.333251953125, np.inf, -np.inf, np.nan, 7.0]
wide = {
    "float16": floats,
    "bfloat16": floats[:4] + [3.3895313892515355e38, 9.183549615799121e-41, -1.1754943508222875e-38] + floats[7:],
    "float32": floats[:4] + [3.4028234663852886e38, 1.401298464324817e-45, -1.1754943508222875e-38] + floats[7:],
    "float64": floats[:4] + [1e300, 5e-324, 1.00000005960464477, 1.0000001788139343, 3.4028235677973366e38, 3.4028235677973362e38, 7.006492321624085e-46, -7.0064923216240868e-46],
}
for name, values in wide.items():
    dtype = np.dtype(getattr(ml_dtypes, name, name)) if name == "bfloat16" else np.dtype(name)
    a = np.array(values).astype(dtype).reshape(3, 4)
    for order in "<>":
        for layout in "CF":
            b = np.array(a.astype(dtype.newbyteorder(order)), order=layout)
            case(f"{name} {order} {layout}", saved(b), {"": a})
for kind, size in [(k, s) for k in "iu" for s in (1, 2, 4, 8)]:
    info = np.iinfo(f"{kind}{size}")
    a = np.array([info.min, info.max, 0, 1, 100, info.max // 3], dtype=f"{kind}{size}").reshape(2, 3)
    for order in "<>":
        case(f"{a.dtype.name} {order}", saved(a.astype(a.dtype.newbyteorder(order))), {"": a})
    case(f"{a.dtype.name} F", saved(np.asfortranarray(a)), {"": a})
case("bool", saved(np.array([[True, False, True]])), {"": np.array([[True, False, True]])})
for version in [(1, 0), (2, 0), (3, 0)]:
    a = np.arange(6, dtype=np.float32).reshape(1, 2, 3)
    case(f"version {version[0]}", saved(a, version), {"": a})
for shape in [(), (0,), (0, 80), (1,), (2, 0, 3), (1,) * 64]:
    a = np.ones(shape, np.float32)
    case(f"shape {shape}", saved(a), {"": a})
case("four dimensions, transposed", saved(np.arange(120, dtype=np.int16).reshape(2, 3, 4, 5).transpose(3, 2, 1, 0)),
     {"": np.arange(120, dtype=np.int16).reshape(2, 3, 4, 5).transpose(3, 2, 1, 0)})
again = io.BytesIO(saved(np.array([1.0, 2.0]).astype(ml_dtypes.bfloat16)))
case("bfloat16 loaded and saved again", saved(np.load(again)), {"": np.array([1.0, 2.0]).astype(ml_dtypes.bfloat16)})

# Headers: what np.load says.
Z = b"\0" * 64


def raw(version, d, data):
    d = d.encode("latin1" if version < 3 else "utf8") if isinstance(d, str) else d
    length = struct.pack("<H" if version == 1 else "<I", len(d))
    return b"\x93NUMPY" + bytes([version, 0]) + length + d + data


def header(name, d, data=Z[:4], version=1):
    content = d if isinstance(d, bytes) else raw(version, d, data)
    try:
        case("header: " + name, content, {"": np.load(io.BytesIO(content))})
    except Exception as e:
        case("header: " + name, content, error=f"{type(e).__name__}: {str(e).splitlines()[0]}")


def D(descr="'<f4'", order="False", shape="(1,)"):
    return "{'descr': %s, 'fortran_order': %s, 'shape': %s, }" % (descr, order, shape)


header("plain", D())
header("no spaces", D().replace(" ", ""))
header("leading spaces", "  " + D())
header("leading tab", "\t" + D())
header("leading newline", "\n" + D())
header("newlines within", D().replace(" ", "\n"))
header("carriage returns within", D().replace(" ", "\r"))
header("form feeds within", D().replace(" ", "\f"))
header("vertical tabs within", D().replace(" ", "\v"))
header("no-break spaces within", D().replace(" ", "\xa0"))
header("newlines after", D() + "\n\n")
header("zeros after", D() + "\0")
header("semicolon after", D() + ";")
header("comment after", D() + " # more")
header("comment within", D().replace(", ", ", # more\n"))
header("backslash and newline", D().replace(" ", "\\\n"))
header("other order of keys", "{'shape': (1,), 'fortran_order': False, 'descr': '<f4'}")
header("key twice", "{'descr': '<f4', 'fortran_order': False, 'shape': (2,), 'shape': (1,)}")
header("unknown key", "{'descr': '<f4', 'fortran_order': False, 'shape': (1,), 'x': 1}")
header("missing key", "{'descr': '<f4', 'fortran_order': False}")
header("empty", "")
header("list", "[1]")
header("set", "{'descr'}")
header("two commas", D().replace(", }", ",, }"))
header("comma first", D().replace("{", "{, "))
header("dict in parentheses", "(" + D() + ")")
for order in ["True", "0", "1", "None", "false", "Falsehood", "(False)", "True"]:
    header("fortran_order " + order, D(order=order))
for descr in ["<f4", "|f4", "=f4", "f4", "float32", "<float32", ">float32", "f", "<f", "single", "Float32", "F4", "f4 ", " f4", "<<f4", "<f04", "1f4",
              "<i4", "i", "int32", "<u4", "I", "uint32", "<f4,", "(1,)f4", "<i+4", ""]:
    header("descr " + repr(descr), D(repr(descr)))
for descr in ["<f8", "d", "<d", "double", "float", "float64", "<i8", "q", "int64", "int", "uint", "l", "p", "longlong"]:
    header("descr " + repr(descr), D(repr(descr)), Z[:8])
for descr in ["<f2", "e", "half", "float16", "<i2", "h", "short", "<u2", "H", "ushort", "<V2", "|V2", "V2", "V02", "bfloat16"]:
    header("descr " + repr(descr), D(repr(descr)), Z[:2])
for descr in ["|u1", "<u1", ">u1", "u1", "B", "uint8", "ubyte", "|i1", "b", "int8", "byte", "|b1", "b1", "?", "<?", "bool", "bool_", "bool8"]:
    header("descr " + repr(descr), D(repr(descr)), Z[:1])
for descr in ["u'<f4'", "U'<f4'", "r'<f4'", "b'<f4'", "f'<f4'", "ur'<f4'", "u '<f4'", "'<' 'f4'", "'''<f4'''", "''", r"'\x3cf4'", "'<f\n4'", "('<f4')", "('<f4', ())", "None", "[('', '<f4')]", "'<f4"]:
    header("descr " + descr, D(descr))
for n, shapes in {
    0: ["(0,)", "(00,)", "(000, 3)", "(0_0,)", "(-0,)", "(0L,)", "(0, 99999999999999999999)", "(0, 4294967296, 4294967296)", "(4294967296, 4294967296, 0)", "(-1, 0)"],
    1: ["()", "(1,)", "(1, 1)", "(1)", "[1]", "1", "(01,)", "(1L,)", "(1L, 1L)", "(1l,)", "(1 L,)", "(1LL,)", "(01L,)", "(L,)", "(True,)", "(1.0,)", "(1e0,)", "(1j,)", "(,)", "(1,,)", "(1 1)", "(1, 1", "((1,))", "((1),)", "(*(1,),)",
        "(0+1,)", "(0b1,)", "(0o1,)", "(0x1,)", "(0X1L,)", "(+1,)", "(--1,)", "(-1,)", "(- 1,)", "(~1,)", "(-1, -1)", "(1,)L", "(  1  ,  )",
        "(" + "1, " * 64 + ")", "(" + "1, " * 65 + ")", "(99999999999999999999,)", "(4294967296, 4294967296)"],
    4: ["(4,)", "(04,)", "(0_4,)", "(0x4,)", "(4_,)", "(-4,)", "(4L,)", "(2, 2L)"],
    10: ["(10,)", "(1_0,)", "(1__0,)", "(_10,)", "(0xa,)", "(0XA,)", "(0x_a,)", "(0b1010,)", "(0o12,)", "(012,)", "(010,)"],
}.items():
    for shape in shapes:
        header("shape " + (shape if len(shape) < 50 else shape[:6] + "…" + str(len(shape))), D(shape=shape), Z[: 4 * n])
header("shape (4L,) in version 2", D(shape="(4L,)"), Z[:16], 2)
header("shape (4L,) in version 3", D(shape="(4L,)"), Z[:16], 3)
header("Python 2", "{u'descr': u'<f4', u'fortran_order': False, u'shape': (2L, 2L), }", Z[:16])
header("10000 bytes", D() + " " * (10000 - len(D())))
header("10001 bytes", D() + " " * (10001 - len(D())))
header("10000 bytes in version 2", D() + " " * (10000 - len(D())), version=2)
header("10001 bytes in version 2", D() + " " * (10001 - len(D())), version=2)
header("Latin-1 in version 1", D() + " # \xe9")
header("UTF-8 in version 3", D() + " # \xe9", version=3)
header("Latin-1 in version 3", raw(3, D().encode() + b" # \xe9", Z[:4]))
header("version 1.1", raw(1, D(), Z[:4]).replace(b"\x01\x00", b"\x01\x01", 1))
header("version 4.0", raw(4, D(), Z[:4]))
header("too few bytes", D(), Z[:3])
header("bytes after the data", D(), Z[:8])
header("bytes after no data", D(shape="(0, 80)"), Z[:8])
header("nothing but the magic", b"\x93NUMPY")
header("cut in the header", raw(1, D(), Z[:4])[:30])
header("bool of value 2", D("'|b1'"), b"\x02")

# Archives.
logits = np.linspace(-3, 3, 15, dtype=np.float32).reshape(5, 3)
labels = np.array([0, 2, -1, -2, 1])


def archived(save, **arrays):
    b = io.BytesIO()
    save(b, **arrays)
    return b.getvalue()


case("npz", archived(np.savez, logits=logits, labels=labels), {"logits": logits, "labels": labels})
case("npz, compressed", archived(np.savez_compressed, logits=logits, labels=labels), {"logits": logits, "labels": labels})
case("npz, Fortran order", archived(np.savez, logits=np.asfortranarray(logits)), {"logits": logits})
case("npz, bfloat16, compressed", archived(np.savez_compressed, logits=logits.astype(ml_dtypes.bfloat16)), {"logits": logits.astype(ml_dtypes.bfloat16)})
case("npz, empty", archived(np.savez), {})
case("npz, folders and dots in names", archived(np.savez, **{"a/b": labels, "c.d": labels, "": labels}), {"a/b": labels, "c.d": labels, "": labels})


def zipped(members, **how):
    b = io.BytesIO()
    with zipfile.ZipFile(b, "w", **how) as z:
        for name, content in members.items():
            with z.open(zipfile.ZipInfo(name), "w", force_zip64=True) as f:
                f.write(content)
    return b.getvalue()


case("npz, zip64", zipped({"logits.npy": saved(logits)}), {"logits": logits})
case("npz, other members", zipped({"readme.txt": b"text", "logits.npy": saved(logits)}), {"logits": logits})


def broken(name, content):
    try:
        with np.load(io.BytesIO(content)) as z:
            case("npz, " + name, content, {k: z[k] for k in z.files})
    except Exception as e:
        case("npz, " + name, content, error=f"{type(e).__name__}: {str(e).splitlines()[0]}")


for save in (np.savez, np.savez_compressed):
    content = archived(save, logits=logits)
    at = content.index(saved(logits)[-8:]) if save is np.savez else content.index(b"PK\x01\x02") - 12
    broken(save.__name__ + ", a byte changed", content[:at] + bytes([content[at] ^ 1]) + content[at + 1:])
    broken(save.__name__ + ", the end cut", content[:-30])
    at = content.index(b"PK\x01\x02") + 16
    broken(save.__name__ + ", checksum 0", content[:at] + b"\0\0\0\0" + content[at + 4:])
broken("short member", zipped({"logits.npy": saved(logits)[:-1]}))

# .safetensors files.
case("safetensors", safetensors.numpy.save({"logits": logits, "labels": labels}, {"format": "np"}), {"logits": logits, "labels": labels})
many = {n: np.array([0, 1, 2, 3]).astype(n) for n in ["bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "float16", "float32", "float64"]}
many["bfloat16"] = np.array([0, 1, 2, 3]).astype(ml_dtypes.bfloat16)
case("safetensors, all dtypes", safetensors.numpy.save(many), many)


def tensors(name, h, data=b"", length=None):
    j = h if isinstance(h, bytes) else h.encode() if isinstance(h, str) else json.dumps(h).encode()
    content = struct.pack("<Q", len(j) if length is None else length) + j + data
    with tempfile.NamedTemporaryFile(suffix=".safetensors") as f:
        f.write(content)
        f.flush()
        try:
            with safetensors.safe_open(f.name, "numpy") as s:
                names = list(s.keys())
                dtypes = [s.get_slice(k).get_dtype() for k in names]
                if any(d[:2] in ("F4", "F6", "F8", "C6") for d in dtypes):
                    case("safetensors: " + name, content, {}, listed=names)
                else:
                    case("safetensors: " + name, content, {k: s.get_tensor(k) for k in names})
        except safetensors.SafetensorError as e:
            case("safetensors: " + name, content, error=str(e))


def T(start, end, shape=(1,), dtype="F32"):
    return {"dtype": dtype, "shape": list(shape), "data_offsets": [start, end]}


one = '{"x":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}'
tensors("plain", {"x": T(0, 4)}, Z[:4])
tensors("nothing", {})
tensors("nothing, with data", {}, Z[:1])
tensors("bytes after the data", {"x": T(0, 4)}, Z[:5])
tensors("too few bytes", {"x": T(0, 4)}, Z[:3])
tensors("hole at the start", {"x": T(4, 8)}, Z[:8])
tensors("hole between", {"x": T(0, 4), "y": T(8, 12)}, Z[:12])
tensors("overlap", {"x": T(0, 8, [2]), "y": T(4, 8)}, Z[:8])
tensors("any order", {"y": T(8, 12), "x": T(0, 8, [2])}, Z[:12])
tensors("wrong size", {"x": T(0, 8, [3])}, Z[:8])
tensors("end before start", {"x": T(8, 0, [0])}, Z[:8])
tensors("no elements", {"x": T(0, 0, [0])})
tensors("no elements between", {"x": T(0, 4), "z": T(4, 4, [0]), "y": T(4, 8)}, Z[:8])
tensors("no elements within", {"x": T(0, 4), "z": T(2, 2, [0]), "y": T(4, 8)}, Z[:8])
tensors("scalar", {"x": T(0, 4, [])}, Z[:4])
tensors("name twice", one + ',"x":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}', Z[:8])
tensors("same tensor twice", one + ',"x":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}', Z[:4])
tensors("field twice", one.replace('"dtype"', '"dtype":"F32","dtype"') + "}", Z[:4])
tensors("unknown field", one.replace('"dtype"', '"more":[{}],"dtype"') + "}", Z[:4])
tensors("missing field", '{"x":{"dtype":"F32","shape":[1]}}', Z[:4])
tensors("fields of other case", one.replace("dtype", "Dtype") + "}", Z[:4])
tensors("fields as an array", '{"x":["F32",[1],[0,4]]}', Z[:4])
tensors("metadata", {"__metadata__": {"a": "b"}, "x": T(0, 4)}, Z[:4])
tensors("metadata twice", '{"__metadata__":{},"__metadata__":{}}')
tensors("metadata of numbers", {"__metadata__": {"a": 1}})
tensors("metadata null", {"__metadata__": None})
tensors("spaces before", " " + one + "}", Z[:4])
tensors("spaces after", one + "}       ", Z[:4])
tensors("newline after", one + "}\n", Z[:4])
tensors("zeros after", one + "}\0\0", Z[:4])
tensors("two objects", one + "}{}", Z[:4])
tensors("array", "[]")
tensors("trailing comma", one + ",}", Z[:4])
tensors("cut", one, Z[:4])
tensors("unknown dtype", {"x": T(0, 4, dtype="Q32")}, Z[:4])
tensors("dtype in lower case", {"x": T(0, 4, dtype="f32")}, Z[:4])
tensors("dtype a number", {"x": T(0, 4, dtype=32)}, Z[:4])
for size in ["-1", "1.0", "1e0", "01", "18446744073709551616", '"1"', "4294967296,4294967296"]:
    tensors("shape " + size, one.replace("[1]", "[" + size + "]") + "}", Z[:4])
for size in ["-0", "4294967296,4294967296,0"]:
    tensors("shape " + size, one.replace("[1]", "[" + size + "]").replace("0,4]", "0,0]") + "}")
tensors("three offsets", one.replace("[0,4]", "[0,4,4]") + "}", Z[:4])
tensors("name with an escape", one.replace('"x"', r'"\u0078"') + "}", Z[:4])
tensors("name of no letters", one.replace('"x"', '""') + "}", Z[:4])
tensors("no UTF-8", one.encode().replace(b"x", b"\xff") + b"}", Z[:4])
tensors("longer than the file", {}, length=5)
tensors("longer than allowed", {}, length=100_000_001)
tensors("absurdly long", {}, length=1 << 39)
tensors("BOOL of value 2", {"x": T(0, 1, dtype="BOOL")}, b"\2")
for dtype, size in {"F4": 4, "F6_E2M3": 6, "F6_E3M2": 6, "F8_E4M3": 8, "F8_E5M2": 8, "F8_E8M0": 8, "F8_E4M3FNUZ": 8, "F8_E5M2FNUZ": 8, "C64": 64}.items():
    tensors("dtype " + dtype, {"x": T(0, size, [8], dtype)}, Z[:size] if size < 64 else Z)
tensors("dtype F4, half a byte", {"x": T(0, 1, [3], "F4")}, Z[:1])

with open(os.path.join(os.path.dirname(__file__), "cases.json"), "w") as f:
    f.write("[\n" + ",\n".join(json.dumps(c, ensure_ascii=False) for c in cases) + "\n]\n")
