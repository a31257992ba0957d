"""Filtered views that are kept ("prepared"): images of random subsets of them, and of an object that changes while its
views are replaced part by part. Nothing is filtered twice.

    python3 random_views.py [FOLDER]       writes random_views.png: subsets of views, then views being replaced"""

import os
import sys

import numpy as np

import voxgrad as vxg

folder = sys.argv[1] if len(sys.argv) > 1 else "."
n, views = 128, 192
geometry = vxg.ct.ParallelGeometry.circular(views, rows=1, columns=192)
volume = vxg.ct.Volume((1, n, n))
A = vxg.ct.XrayTransform(geometry, volume, planar=False)
y, x = np.mgrid[:n, :n] - (n - 1) / 2
inside = x * x + y * y < 50 ** 2


def disc_with_hole(angle):
    """An object whose hole goes round its middle."""
    image = np.where(x * x + y * y < 55 ** 2, 1, 0).astype(np.float32)
    image[(x - 28 * np.cos(angle)) ** 2 + (y - 28 * np.sin(angle)) ** 2 < 14 ** 2] = 0.3
    return image


def error(found, image):
    return np.sqrt(np.mean((found - image)[inside] ** 2))


row_filter = vxg.ct.filter_operator((1, 1, 192), vxg.ct.filter_response("hann", 512))
weights = np.full(views, np.pi / views)               # each view is one of all that stand there
old, new = disc_with_hole(0), disc_with_hole(2)
prepared = vxg.ct.Prepared(geometry, row_filter, weights).update(A(old[None]))

order = np.random.default_rng(0).permutation(views)   # of which the first few are a random subset
top = [old]
for count in (192, 96, 48, 24):
    top.append(prepared.backproject(volume, order[:count])[0] * (views / count))
    print("%3d of %d random views: root mean square error %.3f" % (count, views, error(top[-1], old)))

projections, quarter, bottom = A(new[None]), views // 4, [new]
for first in range(0, views, quarter):                # a quarter of the views is measured anew and takes its place
    prepared.update(projections[first:first + quarter], first)
    bottom.append(prepared.backproject(volume)[0])
    print("%3d of %d views replaced: root mean square error %.3f" % (first + quarter, views, error(bottom[-1], new)))
vxg.io.write_png(os.path.join(folder, "random_views.png"), np.vstack([np.hstack(top), np.hstack(bottom)]), 0, 1.3,
                 scale=2, force=True)
