"""Diffusion series for tests/cli_dwi.sh, and readers of its results that share nothing with the program.

dwi_files.py make FOLDER          a small series, its tables and masks, and what is wrong with others
dwi_files.py grad BVALS BVECS     the numbers of FSL's files as rows x y z b, as they stand there
dwi_files.py check 'EXPRESSION'   fails when it is false; load(path) is (shape i j k t, values, affine)
"""
import gzip
import math
import os
import re
import struct
import sys
from array import array

SIZE = (12, 10, 8)
AFFINE = [[-2, 0, 0, 11], [0, 2, 0, -9], [0, 0, 2.5, -8]]
TYPES = {2: "B", 4: "h", 16: "f", 64: "d", 512: "H"}


def write(path, shape, values, affine=AFFINE, code=16, slope=0.0, cut=0):
    """values: i fastest, as a file has them."""
    head = bytearray(352)
    struct.pack_into("<i", head, 0, 348)
    struct.pack_into("<8h", head, 40, len(shape), *(list(shape) + [1] * (7 - len(shape))))
    struct.pack_into("<2h", head, 70, code, 0)
    struct.pack_into("<8f", head, 76, 1, 2, 2, 2.5, 1, 1, 1, 1)
    struct.pack_into("<3f", head, 108, 352, slope, 0)
    struct.pack_into("<b", head, 123, 2)
    struct.pack_into("<2h", head, 252, 0, 1 if affine else 0)
    if affine:
        struct.pack_into("<12f", head, 280, *[x for row in affine for x in row])
    else:
        struct.pack_into("<4f", head, 76, 1, 0, 0, 0)
    head[344:348] = b"n+1\0"
    data = bytes(head) + (values if isinstance(values, bytes) else array(TYPES[code], values).tobytes())
    if path.endswith(".gz"):
        data = gzip.compress(data, 1)
    with open(path, "wb") as f:
        f.write(data[: len(data) - cut])


def write_mif(path, shape, values, lines, affine=AFFINE):
    size = [math.sqrt(sum(r[k] ** 2 for r in affine)) for k in range(3)]
    head = ["mrtrix image", "dim: " + ",".join(map(str, shape)), "vox: " + ",".join(map(repr, size + [1.0]))]
    head += ["transform: " + ",".join(repr(x) for x in [r[0] / size[0], r[1] / size[1], r[2] / size[2], r[3]])
             for r in affine]
    head += ["layout: +0,+1,+2,+3", "datatype: Float32LE"] + ["dw_scheme: " + s for s in lines]
    text = "\n".join(head) + "\nfile: . 4096\nEND\n"
    with open(path, "wb") as f:
        f.write(text.encode().ljust(4096, b"\0") + array("f", values).tobytes())


def load_nifti(path):
    with open(path, "rb") as f:
        data = f.read()
    if data[:2] == b"\x1f\x8b":
        data = gzip.decompress(data)
    assert struct.unpack_from("<i", data, 0)[0] == 348, path
    dim = struct.unpack_from("<8h", data, 40)
    code = struct.unpack_from("<h", data, 70)[0]
    assert struct.unpack_from("<f", data, 112)[0] in (0, 1), "scaled"
    assert struct.unpack_from("<h", data, 254)[0] > 0, "no sform"
    rows = struct.unpack_from("<12f", data, 280)
    values = array(TYPES[code])
    values.frombytes(data[int(struct.unpack_from("<f", data, 108)[0]) :])
    shape = dim[1 : dim[0] + 1]
    assert len(values) == math.prod(shape), path
    return shape, values, [rows[0:4], rows[4:8], rows[8:12]]


def load_mif(path):
    with open(path, "rb") as f:
        data = f.read()
    end = data.index(b"\nEND")
    head = data[:end].decode("latin-1")
    line = lambda key: re.findall(rf"^{key}: (.*)$", head, re.M)
    shape = [int(n) for n in line("dim")[0].split(",")]
    layout = [int(s.replace("-", "")) for s in line("layout")[0].split(",")]
    turned = [s.startswith("-") for s in line("layout")[0].split(",")]
    kind = {"Float32LE": "f", "Float64LE": "d", "UInt8": "B"}[line("datatype")[0]]
    values = array(kind)
    values.frombytes(data[int(line("file")[0].split()[1]) :][: math.prod(shape) * values.itemsize])
    step = [math.prod(shape[k] for k in range(len(shape)) if layout[k] < layout[a]) for a in range(len(shape))]
    out = array(kind, bytes(len(values) * values.itemsize))
    at = [0] * len(shape)
    for n in range(len(values)):
        out[n] = values[sum(((shape[k] - 1 - at[k]) if turned[k] else at[k]) * step[k] for k in range(len(shape)))]
        for k in range(len(shape)):
            at[k] += 1
            if at[k] < shape[k]:
                break
            at[k] = 0
    vox = [float(x) for x in line("vox")[0].split(",")]
    rows = [[float(x) for x in r.split(",")] for r in line("transform")]
    return shape, out, [[r[0] * vox[0], r[1] * vox[1], r[2] * vox[2], r[3]] for r in rows]


def load(path):
    return load_mif(path) if path.endswith(".mif") else load_nifti(path)


def mean(values):
    return math.fsum(values) / len(values)


def near(a, b, relative=2e-6):
    return abs(a - b) <= relative * abs(b)


def alike(a, b):
    """Correlation."""
    ma, mb = mean(a), mean(b)
    var = lambda x, m: math.fsum((v - m) ** 2 for v in x)
    return math.fsum((x - ma) * (y - mb) for x, y in zip(a, b)) / math.sqrt(var(a, ma) * var(b, mb))


def same_affine(a, b):
    return all(abs(x - y) < 1e-5 for r, s in zip(a, b) for x, y in zip(r, s))


def directions(n):
    for i in range(n):
        z = (i + 0.5) / n
        r, phi = math.sqrt(1 - z * z), 2.399963 * i
        yield r * math.cos(phi), r * math.sin(phi), z


def make(folder):
    to = lambda name: os.path.join(folder, name)
    table = [(0.0, 0.0, 0.0, 0.0)] + [(*d, 1000.0) for d in directions(30)]
    inside, ball = [], []
    for k in range(SIZE[2]):
        for j in range(SIZE[1]):
            for i in range(SIZE[0]):
                r = ((i - 5.5) / 5) ** 2 + ((j - 4.5) / 4.2) ** 2 + ((k - 3.5) / 3.4) ** 2
                ball.append(1 if r < 1 else 0)
    values = []
    for x, y, z, b in table:
        signal = 1000 * math.exp(-b * (0.0003 + 0.0012 * x * x))
        values += [signal if v else 3 + n % 5 for n, v in enumerate(ball)]
    n = len(ball)
    shape = (*SIZE, len(table))
    write(to("good.nii.gz"), shape, values)
    write(to("scaled.nii"), shape, [v / 2 for v in values], slope=2.0)
    write(to("cut.nii.gz"), shape, values, cut=700)
    write(to("cut.nii"), shape, values, cut=700)
    write(to("three.nii.gz"), SIZE, values[:n])
    write(to("five.nii"), (*SIZE, 2, 2), values[: 4 * n])
    write(to("complex.nii"), (*SIZE, 31), array("f", values * 2).tobytes(), code=32)
    write(to("nowhere.nii"), shape, values, affine=None)
    bad = list(values)
    bad[7 * n + 5 + 12 * (4 + 10 * 3)] = math.nan  # one voxel inside, in one volume
    bad[9 * n] = math.inf  # and one outside
    write(to("nan.nii.gz"), shape, bad)
    write(to("allnan.nii.gz"), shape, [math.nan] * len(values))
    scheme = [",".join(map(repr, row)) for row in table]
    write_mif(to("good.mif"), shape, values, scheme)
    write_mif(to("short.mif"), shape, values, scheme[1:])
    write_mif(to("words.mif"), shape, values, scheme[:2] + ["0,0,up,1000"] + scheme[3:])
    big = [1 if math.hypot(n % 24 - 11.5, n // 24 % 24 - 11.5, n // 576 - 9.5) < 8 else 0 for n in range(24 * 24 * 20)]
    write(to("head.nii.gz"), (24, 24, 20, 31), [(1000 - row[3] / 2 if v else 3 + n % 7) for row in table
                                                for n, v in enumerate(big)])
    write(to("flat.nii.gz"), shape, [7.0] * len(values))
    moved = [list(r) for r in AFFINE]
    moved[1][3] += 0.5
    noise = [[x * (1 + 1e-6) for x in r] for r in AFFINE]
    write(to("mask.nii.gz"), SIZE, ball, code=2)
    write(to("mask_near.nii.gz"), SIZE, ball, affine=noise, code=2)
    write(to("mask_moved.nii.gz"), SIZE, ball, affine=moved, code=2)
    write(to("mask_small.nii.gz"), (11, 10, 8), ball[: 11 * 80], code=2)
    write(to("mask_empty.nii.gz"), SIZE, [0] * n, code=2)
    write(to("mask_four.nii.gz"), (*SIZE, 2), ball * 2, code=2)

    def lines(name, rows):
        with open(to(name), "w") as f:
            f.writelines(" ".join(repr(x) for x in r) + "\n" for r in rows)

    # along the image's axes: the affine's determinant is negative, its first axis points left
    vectors = [(-x, y, z) for x, y, z, _ in table]
    bs = [row[3] for row in table]
    for name in ("good", "nan", "allnan", "flat", "cut", "scaled", "nowhere", "head"):
        lines(name + ".bval", [bs])
        lines(name + ".bvec", zip(*vectors))
    lines("columns.bvec", vectors)
    lines("short.bval", [bs[:-1]])
    lines("short.bvec", zip(*vectors[:-1]))
    lines("square.bval", [bs, bs])
    lines("zero.bval", [[0.0] * 31])
    lines("negative.bval", [bs[:4] + [-5.0] + bs[5:]])
    long = [v if i != 5 else tuple(1.5 * x for x in v) for i, v in enumerate(vectors)]
    lines("long.bvec", zip(*long))
    lines("nan.bvec.txt", zip(*[v if i != 6 else (math.nan,) * 3 for i, v in enumerate(vectors)]))
    lines("good.b", table)
    lines("short.b", table[1:])
    lines("few.bval", [[0.0] * 20 + bs[20:]])
    lines("two.bval", [bs[:16] + [2000.0] * 15])
    lines("response.txt", [[800.0, -200.0, 20.0]])
    lines("response_bad.txt", [[-800.0, -200.0, 20.0]])
    lines("response_three.txt", [[800.0, -200.0, 20.0]] * 3)
    with open(to("words.bval"), "w") as f:
        f.write("0 1000 many\n")
    write(to("odd_sh.nii"), (*SIZE, 14), [0.0] * (14 * n))


if __name__ == "__main__":
    if sys.argv[1] == "make":
        make(sys.argv[2])
    elif sys.argv[1] == "grad":
        read = lambda p: [[float(x) for x in s.split()] for s in open(p).read().split("\n") if s.strip()]
        bs = [x for row in read(sys.argv[2]) for x in row]
        for v, b in zip(read(sys.argv[3]), bs):
            print(*v, b)
    else:
        ok = eval("(" + sys.argv[2] + ")")
        if not ok:
            sys.exit(f"not so: {sys.argv[2]}")
