"""tract_peers.py KIND FOLDER [FILE...]: what nibabel and trx-python read of the files that tract_files wrote.

KIND nibabel, trx, or convert: pairs of any kinds, whose second is what `voxgrad tracks convert` made of the first. FOLDER holds truth.txt too, tract_files' own output. FILEs: pairs of one that others wrote and its copy.
"""
import sys

import numpy as np

kind, folder = sys.argv[1:3]
pairs = sys.argv[3:]
failed = False


def check(name, good, words):
    global failed
    print(f"PASS tracts_peers.{kind}_{name}" if good else f"FAIL tracts_peers.{kind}_{name}: {words}")
    failed |= not good


truth = np.loadtxt(f"{folder}/truth.txt")
which = truth[:, 0 if kind == "trx" else 1]
lines = [truth[which == i] for i in range(4)]


def far(streamlines):
    if len(streamlines) != len(lines):
        return f"{len(streamlines)} streamlines"
    for a, b in zip(streamlines, lines):
        if len(a) != len(b):
            return f"{len(a)} points, not {len(b)}"
        if len(b) and np.abs(np.asarray(a, dtype=float) - b[:, 2:5]).max() > 1e-4:
            return f"{a} is not {b[:, 2:5]}"
    return ""


def same(a, b):
    return len(a) == len(b) and all(np.array_equal(x, y) for x, y in zip(a, b))


def nibabel_checks():
    import nibabel

    def load(path):
        return nibabel.streamlines.load(path)

    for name in ("ras.trk", "lps.trk", "f4.tck"):
        loaded = load(f"{folder}/{name}")
        words = far(loaded.streamlines)
        check(name, not words, words)
        if name.endswith("trk"):
            t = loaded.tractogram
            fa = np.concatenate(list(t.data_per_point["fa"]))[:, 0]
            check(f"{name}_fa", np.array_equal(fa, truth[:, 5].astype(np.float32)), fa)
            check(f"{name}_colours", t.data_per_point["colours"][0].shape == (2, 3), "shape")
            check(f"{name}_weight", t.data_per_streamline["weight"].tolist() == [[1.5, 3], [4.5, 6], [7.5, 9], [10.5, 12]],
                  t.data_per_streamline["weight"])
            check(f"{name}_place", loaded.header["dimensions"].tolist() == [10, 11, 12], loaded.header)
    for a, b in zip(pairs[::2], pairs[1::2]):
        x, y = load(a), load(b)
        check("copy_" + a.split("/")[-1], same(x.streamlines, y.streamlines) and
              all(same(x.tractogram.data_per_point[k], y.tractogram.data_per_point[k]) for k in x.tractogram.data_per_point) and
              all(same(x.tractogram.data_per_streamline[k], y.tractogram.data_per_streamline[k])
                  for k in x.tractogram.data_per_streamline), "other numbers")


def trx_checks():
    from trx.trx_file_memmap import load

    for name in ("f2.trx", "f4.trx", "f8.trx", "folder"):
        t = load(f"{folder}/{name}")
        words = far(t.streamlines)
        check(name, not words, words)
        fa = np.asarray(t.data_per_vertex["fa"]._data)[:, 0]
        check(f"{name}_fa", np.array_equal(fa, truth[:, 5].astype(np.float32)), fa)
        check(f"{name}_labels", np.array_equal(np.asarray(t.data_per_vertex["labels"]._data)[:, 0], truth[:, 6]), "labels")
        check(f"{name}_lengths", t.data_per_streamline["lengths"].tolist() == [[1, 2], [3, 4], [5, 6], [7, 8]], "lengths")
        check(f"{name}_groups", t.groups["some"].tolist() == [3, 0] and len(t.groups["nobody"]) == 0, t.groups)
        check(f"{name}_dpg", t.data_per_group["some"]["mean"].shape == (1, 3), t.data_per_group)
        check(f"{name}_place", t.header["DIMENSIONS"].tolist() == [10, 11, 12] and t.header["VOXEL_TO_RASMM"][1][1] == 2.5,
              t.header)
        t.close()
    t = load(f"{folder}/none.trx")
    check("none.trx", len(t.streamlines) == 0, "streamlines")
    t.close()
    for a, b in zip(pairs[::2], pairs[1::2]):
        x, y = load(a), load(b)
        check("copy_" + a.split("/")[-1], same(x.streamlines, y.streamlines) and
              all(np.array_equal(x.data_per_vertex[k]._data, y.data_per_vertex[k]._data) for k in x.data_per_vertex) and
              all(np.array_equal(x.data_per_streamline[k], y.data_per_streamline[k]) for k in x.data_per_streamline) and
              all(np.array_equal(x.groups[k], y.groups[k]) for k in x.groups), "other numbers")


def convert_checks():
    import nibabel
    from trx.trx_file_memmap import load

    def lines_of(path):
        if not path.endswith("trx"):
            return [np.array(s, dtype=float) for s in nibabel.streamlines.load(path).streamlines]
        t = load(path)
        found = [np.array(s, dtype=float) for s in t.streamlines]
        t.close()
        return found

    for a, b in zip(pairs[::2], pairs[1::2]):
        x, y = lines_of(a), lines_of(b)
        far = max((np.abs(p - q).max() for p, q in zip(x, y) if p.shape == q.shape and len(p)), default=np.inf)
        check(a.split("/")[-1] + "_" + b.split(".")[-1],
              len(x) == len(y) and all(p.shape == q.shape for p, q in zip(x, y)) and far < 1e-4, f"{far} mm apart")


{"trx": trx_checks, "nibabel": nibabel_checks, "convert": convert_checks}[kind]()
sys.exit(failed)
