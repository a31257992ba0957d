#!/usr/bin/env python3
"""Sources and pixels as TIGRE computes them, for tests/ct_geometry_packages.c.

    python3 tools/tigre_reference.py     # tests/geometry/tigre_cone*, tigre_parallel*

TIGRE runs on CUDA devices only, but where its projectors put sources and pixels is computed on the host.
This takes pytigre 0.1.8 from PyPI (pip, without installing it), compiles those functions of its Siddon
projectors as they are, and asks them. Needs numpy, pip, a C++ compiler; cython and setuptools to unpack.

What that does not cover: the order of TIGRE's Python lists, (z, y, x) and (v, u), and of rotDetector (about
x, y, z), which are those of TIGRE 3's documentation, and the kernels' row y = nDetecV - 1 - pixelV.
"""
import json
import os
import re
import subprocess
import sys
import tarfile
import tempfile

import numpy as np

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tests", "geometry")
VERSION = "0.1.8"

MAIN = r"""
#include <cstdio>
#include <vector>
int main() {
    int cone, n, points;
    Geometry g = Geometry();
    std::vector<float> two[11];
    float **field[11] = {&g.DSD, &g.DSO, &g.offOrigX, &g.offOrigY, &g.offOrigZ, &g.offDetecU, &g.offDetecV,
                         &g.dRoll, &g.dPitch, &g.dYaw, &g.COR};
    if (scanf("%d %d %d %d %d %f %f %d %d %d %f %f %f", &cone, &n, &points, &g.nDetecU, &g.nDetecV,
              &g.dDetecU, &g.dDetecV, &g.nVoxelX, &g.nVoxelY, &g.nVoxelZ, &g.dVoxelX, &g.dVoxelY,
              &g.dVoxelZ) != 13) return 1;
    g.sVoxelX = g.nVoxelX * g.dVoxelX, g.sVoxelY = g.nVoxelY * g.dVoxelY, g.sVoxelZ = g.nVoxelZ * g.dVoxelZ;
    for (int i = 0; i < n; i++) {
        if (scanf("%f %f %f", &g.alpha, &g.theta, &g.psi) != 3) return 1;
        for (int k = 0; k < 11; k++) {
            float x;
            if (scanf("%f", &x) != 1) return 1;
            two[k].assign(2, x); /* one function looks at entry 1 whatever the view */
            *field[k] = two[k].data();
        }
        Point3D o, u, v, s;
        if (cone) computeDeltas_Siddon(g, 0, &o, &u, &v, &s);
        else computeDeltas_Siddon_parallel(g, g.alpha, 0, &o, &u, &v, &s);
        for (int p = 0; p < points; p++) {
            int col, row;
            if (scanf("%d %d", &col, &row) != 2) return 1;
            const int pv = g.nDetecV - row - 1;
            Point3D q = {o.x + col * u.x + pv * v.x, o.y + col * u.y + pv * v.y, o.z + col * u.z + pv * v.z};
            Point3D f = s;
            if (!cone) f.x += col * u.x + pv * v.x, f.y += col * u.y + pv * v.y, f.z += col * u.z + pv * v.z;
            printf("%d %d %d %.9g %.9g %.9g %.9g %.9g %.9g\n", i, col, row, f.x * g.dVoxelX - g.sVoxelX / 2,
                   f.y * g.dVoxelY - g.sVoxelY / 2, f.z * g.dVoxelZ - g.sVoxelZ / 2,
                   q.x * g.dVoxelX - g.sVoxelX / 2, q.y * g.dVoxelY - g.sVoxelY / 2,
                   q.z * g.dVoxelZ - g.sVoxelZ / 2);
        }
    }
    return 0;
}
"""


def function(text, head):
    """A function's text from its head to the brace that closes it."""
    start = text.index(head)
    depth, at = 0, text.index("{", start)
    while True:
        depth += {"{": 1, "}": -1}.get(text[at], 0)
        at += 1
        if depth == 0:
            return text[start:at] + "\n"


def build(folder):
    subprocess.run([sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--no-build-isolation",
                    "--no-binary", "pytigre", "-d", folder, f"pytigre=={VERSION}"], check=True)
    with tarfile.open(os.path.join(folder, f"pytigre-{VERSION}.tar.gz")) as tar:
        tar.extractall(folder)
    source = os.path.join(folder, f"pytigre-{VERSION}", "tigre", "Source")

    def text(name):
        with open(os.path.join(source, name), errors="replace") as f:
            return f.read()

    cone, parallel = text("Siddon_projection.cu"), text("Siddon_projection_parallel.cu")
    code = "#include <cmath>\n" + text("types_TIGRE.hpp")
    code += "\nvoid rollPitchYaw(Geometry, int, Point3D *);\nvoid eulerZYZ(Geometry, Point3D *);\n"
    for where, head in [(cone, "void computeDeltas_Siddon(Geometry"), (cone, "void rollPitchYaw(Geometry"),
                        (cone, "void eulerZYZ(Geometry"), (parallel, "void computeDeltas_Siddon_parallel(")]:
        code += function(where[re.search(re.escape(head) + r"[^;{]*\{", where).start():], head)
    path, program = os.path.join(folder, "ask.cpp"), os.path.join(folder, "ask")
    with open(path, "w") as f:
        f.write(code + MAIN)
    subprocess.run([os.environ.get("CXX", "g++"), "-O1", "-o", program, path], check=True)
    return program


def geometry(rng, cone, n):
    """Attributes of TIGRE's Python geometry, every one of them away from zero where the beam knows it."""
    def values(size, width=None):
        shape = (n,) if width is None else (n, width)
        return (size * rng.uniform(-1, 1, shape)).round(4)

    angles = np.stack([np.linspace(0.3, 5.9, n).round(4), (0.7 * values(1)).round(4), (2 * values(1)).round(4)], 1)
    return {
        "mode": "cone" if cone else "parallel",
        "DSD": (150 + values(10)).tolist(), "DSO": (100 + values(5)).tolist(),
        "nDetector": [24, 31], "dDetector": [0.75, 0.5],
        "nVoxel": [10, 12, 14], "dVoxel": [0.5, 1.25, 0.75], "sVoxel": [5, 15, 10.5],
        "offOrigin": values(4, 3).tolist(),
        "offDetector": values(3, 2).tolist() if cone else [0, 0],
        "rotDetector": values(0.4, 3).tolist() if cone else [0, 0, 0],
        "COR": values(2).tolist(),
        "angles": angles.tolist() if cone else angles[:, 0].tolist(),
    }


def ask(program, g, points):
    n = len(g["angles"])
    (nv, nu), (dv, du) = g["nDetector"], g["dDetector"]
    words = [int(g["mode"] == "cone"), n, len(points), nu, nv, du, dv, *g["nVoxel"][::-1], *g["dVoxel"][::-1]]
    each = {k: np.broadcast_to(np.asarray(g[k], float), (n, w)) for k, w in
            [("offOrigin", 3), ("offDetector", 2), ("rotDetector", 3)]}
    for i in range(n):
        angles = g["angles"][i] if g["mode"] == "cone" else [g["angles"][i], 0, 0]
        rx, ry, rz = each["rotDetector"][i]
        words += [*angles, g["DSD"][i], g["DSO"][i], *each["offOrigin"][i][::-1], *each["offDetector"][i][::-1],
                  rz, ry, rx, g["COR"][i]]  # TIGRE's roll, pitch, yaw: about z, y, x
        words += [k for p in points for k in p]
    out = subprocess.run([program], input=" ".join(map(str, words)), text=True, capture_output=True, check=True)
    return [[float(x) for x in line.split()] for line in out.stdout.splitlines()]


def main():
    rng = np.random.default_rng(5)
    points = [(0, 0), (30, 0), (0, 23), (17, 9)]
    with tempfile.TemporaryDirectory() as folder:
        program = build(folder)
        for cone in (True, False):
            name = os.path.join(FOLDER, "tigre_cone" if cone else "tigre_parallel")
            g = geometry(rng, cone, 5)
            with open(name + ".json", "w") as f:
                f.write("{\n" + ",\n".join(f"  {json.dumps(k)}: {json.dumps(v)}" for k, v in g.items()) + "\n}\n")
            np.savetxt(name + "_seen.txt", ask(program, g, points), fmt="%.9g",
                       header=f"pytigre {VERSION}: view col row source pixel, (x, y, z) from the volume's middle")


if __name__ == "__main__":
    main()
