#!/usr/bin/env python3
"""Scan geometry as other packages see it, for tests/ct_geometry_convert.c.

    python3 tools/geometry_reference.py write          # tests/geometry/astra_*.txt, rtk*
    python3 tools/geometry_reference.py check VOXGRAD  # RTK reads what `VOXGRAD geometry convert` writes

Needs numpy, astra-toolbox and itk-rtk from PyPI. The numbers are the packages' own: ASTRA's vectors
(geom_2vec) and where its CPU projector puts a small square; RTK's XML and matrices.
"""
import os
import subprocess
import sys
import tempfile

import numpy as np

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tests", "geometry")


def save(name, values, header):
    np.savetxt(os.path.join(FOLDER, name), values, fmt="%.17g", header=header)


def astra_2d(astra, kind, geometry, projector):
    """ASTRA's vectors, and the column at which it sees a square of 0.2 at (x, y)."""
    vectors = astra.geom_2vec(geometry)
    cols = vectors["DetectorCount"]
    save(f"astra_{kind}.txt", vectors["Vectors"], f"{kind} 1 {cols}")
    rows = []
    for x, y in [(0, 0), (7, 3), (-4.5, 8.25), (2, -9)]:
        volume = astra.create_vol_geom(1, 1, x - 0.1, x + 0.1, y - 0.1, y + 0.1)
        p = astra.create_projector(projector, vectors, volume)
        _, sino = astra.create_sino(np.ones((1, 1), np.float32), p)
        seen = (sino * np.arange(cols)).sum(1) / sino.sum(1)
        rows += [(i, x, y, s) for i, s in enumerate(seen)]
    save(f"astra_{kind}_seen.txt", rows, "view x y column")


def write_astra():
    import astra

    angles = np.array([0, 0.3, 1.7, 3.0, 4.4])
    astra_2d(astra, "fanflat_vec", astra.create_proj_geom("fanflat", 0.02, 2400, angles, 100.0, 50.0),
             "line_fanflat")
    astra_2d(astra, "parallel_vec", astra.create_proj_geom("parallel", 0.02, 1600, angles), "line")
    # angles of ASTRA's own constructors, offset detector
    for kind, geometry in [
        ("cone_vec", astra.create_proj_geom("cone", 1.5, 1.2, 10, 80, angles, 100.0, 50.0)),
        ("parallel3d_vec", astra.create_proj_geom("parallel3d", 1.5, 1.2, 10, 80, angles)),
    ]:
        vectors = astra.geom_2vec(geometry)
        save(f"astra_{kind}.txt", vectors["Vectors"], f"{kind} 10 80")
    print("ASTRA", astra.__version__)


def rtk_geometry(rtk, parallel):
    g = rtk.ThreeDCircularProjectionGeometry.New()
    rng = np.random.default_rng(3)
    for i in range(6):
        a = rng.uniform(-1, 1, 8)
        g.AddProjection(100 + 10 * a[0], 0 if parallel else 150 + 10 * a[1], 70.0 * i + 5,
                        5 * a[2], 6 * a[3], 30 * a[4], 40 * a[5], 0 if parallel else 3 * a[6],
                        0 if parallel else 4 * a[7])
    return g


def matrix(g, i):
    m = g.GetMatrix(i)
    return np.array([[m(r, c) for c in range(4)] for r in range(3)])


def write_rtk():
    from itk import RTK as rtk

    rng = np.random.default_rng(4)
    for parallel in (False, True):
        g = rtk_geometry(rtk, parallel)
        name = "rtk_parallel" if parallel else "rtk_cone"
        w = rtk.ThreeDCircularProjectionGeometryXMLFileWriter.New()
        w.SetFilename(os.path.join(FOLDER, name + ".xml"))
        w.SetObject(g)
        w.WriteFile()
        rows = []
        for i in range(6):
            for _ in range(4):
                p = rng.uniform(-20, 20, 3)
                h = matrix(g, i) @ np.append(p, 1)
                rows.append((i, *p, h[0] / h[2], h[1] / h[2]))
        save(name + "_seen.txt", rows, "view x y z u v, in RTK's frame and length units")


def check(voxgrad):
    from itk import RTK as rtk

    with tempfile.TemporaryDirectory() as folder:
        for name in ("rtk_cone", "rtk_parallel"):
            first, again = os.path.join(FOLDER, name + ".xml"), os.path.join(folder, name + ".xml")
            long = os.path.join(folder, name + ".json")
            size = ["--rows", "40", "--cols", "50", "--pixel", "0.5"]
            subprocess.run([voxgrad, "geometry", "convert", first, *size, "--to", "vectors", "-o", long],
                           check=True)
            subprocess.run([voxgrad, "geometry", "convert", long, "--to", "rtk", "-o", again], check=True)
            g = []
            for path in (first, again):
                r = rtk.ThreeDCircularProjectionGeometryXMLFileReader.New()
                r.SetFilename(path)
                r.GenerateOutputInformation()
                g.append(r.GetOutputObject())
            worst = max(np.abs(matrix(g[0], i) / matrix(g[0], i)[2, 3] -
                               matrix(g[1], i) / matrix(g[1], i)[2, 3]).max() for i in range(6))
            print(f"{name}: RTK's matrices differ by {worst:.2g}")
            assert worst < 1e-6


if __name__ == "__main__":
    if sys.argv[1:] == ["write"]:
        write_astra()
        write_rtk()
    elif len(sys.argv) == 3 and sys.argv[1] == "check":
        check(sys.argv[2])
    else:
        sys.exit(__doc__)
