"""The TIGRE lines of docs/geometry.md: a geometry written, converted by the command, read again.

Without TIGRE (its package builds with CUDA only) and without numpy the few things the lines take from them
are stood in for: tigre.geometry is an object of attributes, numpy.array a list."""
import importlib.util
import json
import runpy
import subprocess
import sys
import types

missing = [m for m in ("numpy", "tigre") if importlib.util.find_spec(m) is None]


class Array(list):
    def tolist(self):
        return list(self)


if "numpy" in missing:
    def as_array(x, dtype=None):
        return Array(x) if isinstance(x, (list, tuple)) else types.SimpleNamespace(tolist=lambda: x)

    sys.modules["numpy"] = types.SimpleNamespace(asarray=as_array, array=as_array, float32=float)
if "tigre" in missing:
    sys.modules["tigre"] = types.SimpleNamespace(geometry=types.SimpleNamespace)
snippet = runpy.run_path(sys.argv[1])
import numpy as np
import tigre

geo = tigre.geometry()
geo.mode, geo.DSD, geo.DSO, geo.COR = "cone", 1536.0, 1000.0, 0.0  # another COR comes back as turned angles
geo.nDetector, geo.dDetector, geo.sDetector = np.array([24, 32]), np.array([0.8, 0.7]), np.array([19.2, 22.4])
geo.nVoxel, geo.dVoxel, geo.sVoxel = np.array([10, 12, 14]), np.array([1.0, 1.0, 1.0]), np.array([10.0, 12.0, 14.0])
geo.offOrigin, geo.offDetector, geo.rotDetector = np.array([0.0, 0.0, 0.0]), np.array([0.0, 2.0]), np.array([0.0, 0.0, 0.0])
angles = np.array([0.1 * i for i in range(20)])
snippet["dump"](geo, angles, "tigre.json")
for command in (["explain", "tigre.json"], ["convert", "tigre.json", "--to", "vectors", "-o", "vectors.json", "--force"],
                ["convert", "vectors.json", "--to", "tigre", "-o", "back.json", "--force"]):
    subprocess.run(["voxgrad", "geometry"] + command, check=True, stdout=subprocess.DEVNULL)
back, turned = snippet["load"]("back.json")


def flat(x):
    x = x.tolist() if hasattr(x, "tolist") else x
    return [v for y in x for v in flat(y)] if isinstance(x, list) else [x]


def near(a, b):
    a, b = flat(a), flat(b)
    a = a * len(b) if len(a) == 1 else a
    return len(a) == len(b) and all(abs(p - q) < 1e-5 * (1 + abs(q)) for p, q in zip(a, b))


for key in ("DSD", "DSO", "nDetector", "dDetector", "sDetector", "nVoxel", "dVoxel", "sVoxel", "offOrigin"):
    assert near(getattr(geo, key), getattr(back, key)), (key, getattr(geo, key), getattr(back, key))
assert back.mode == "cone" and near(angles, turned), (angles, turned)
assert json.load(open("tigre.json"))["COR"] == 0
if missing:
    print("SKIP run with stand-ins for %s; TIGRE needs CUDA" % " and ".join(missing))
