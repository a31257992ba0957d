#!/usr/bin/env python3
"""Makes the small HDF5 scans of this folder (h5py, NumPy). Run only to change them.

Element (frame, row, column) of every dataset is (frame * rows + row) * columns + column, plus 100 for
flats and minus 1 for darks where the type allows; signed data are negated.
"""
import os

import h5py
import numpy as np

os.chdir(os.path.dirname(os.path.abspath(__file__)))


def ramp(shape, dtype):
    a = np.arange(np.prod(shape)).reshape(shape)
    return (-a if np.dtype(dtype).kind in "if" else a).astype(dtype)


def exchange(name, dtype="<u2", shape=(4, 3, 5), flats=(2, 3, 5), darks=(1, 3, 5), theta="even",
             units="degrees", old=False, pixel=None, **storage):
    with h5py.File(name + ".h5", "w", libver=None if old else "latest") as f:
        g = f.create_group("exchange")
        data = ramp(shape, dtype) if isinstance(dtype, str) and dtype != "text" else None
        if dtype == "text":
            g.create_dataset("data", data=np.full(shape, b"x"))
        else:
            g.create_dataset("data", data=data, **storage)
        if flats:
            g.create_dataset("data_white", data=ramp(flats, "<u2") + np.uint16(100))
        if darks:
            g.create_dataset("data_dark", data=ramp(darks, "<f4") - 1)
        if isinstance(theta, str):
            theta = np.arange(shape[0]) * 45.0
        if theta is not None:
            g.create_dataset("theta", data=theta)
            if units:
                g["theta"].attrs["units"] = units
        if pixel:
            f[pixel[0]] = pixel[1]
            if pixel[2]:
                f[pixel[0]].attrs["units"] = pixel[2]


def tomo(name, keys, angles, group="entry1/tomo_entry/instrument/detector",
         sample="entry1/tomo_entry/sample", classes=True, frames=None, old=False, units="deg", pixel=None):
    with h5py.File(name + ".h5", "w", libver=None if old else "latest") as f:
        d = f.create_group(group)
        d["data"] = ramp((frames or len(keys), 2, 3), "<u2")
        d["image_key"] = np.array(keys, "i4")
        if pixel:
            d["x_pixel_size"] = pixel[0]
            d["x_pixel_size"].attrs["units"] = np.bytes_(pixel[1])
        if angles is not None:
            f.create_group(sample)["rotation_angle"] = np.array(angles, "f8")
            f[sample]["rotation_angle"].attrs["units"] = units
        if classes:
            d.attrs["NX_class"] = "NXdetector"
            if angles is not None:
                f[sample].attrs["NX_class"] = np.bytes_("NXsample")


for t in ("|u1", "<u2", ">u2", "<u4", "<i2", "<i4", ">i4", "<f4", ">f4", "<f8"):
    names = {"<": "", "|": "", ">": "_be"}
    exchange("type_" + t[1:] + names[t[0]], t, flats=None, darks=None, old=t == "<u4")
exchange("plain", old=True, pixel=("measurement/instrument/detector/pixel_size", 0.65, "microns"))
exchange("gzip", "<u2", shape=(6, 8, 10), flats=(2, 8, 10), darks=None, chunks=(2, 3, 10), compression="gzip",
         shuffle=True, old=True)
exchange("pixel_objective", pixel=("measurement/instrument/detection_system/objective/resolution", 1.5, "um"))
exchange("theta_missing", theta=None)
exchange("theta_radians", theta=np.arange(4) * np.pi / 4, units="radians")
exchange("theta_column", theta=np.arange(4, dtype="f4").reshape(4, 1), units=None)
exchange("flat_single", flats=(3, 5), darks=None)
exchange("bad_rank2", shape=(4, 5), flats=None, darks=None)
exchange("bad_rank4", shape=(2, 2, 3, 5), flats=None, darks=None)
exchange("bad_text", "text")
exchange("bad_empty", shape=(0, 3, 5), flats=None, darks=None, theta=None)
exchange("bad_flats", flats=(2, 3, 6))
exchange("bad_darks", darks=(2, 4, 5))
exchange("bad_flats_rank", flats=(2, 3, 5, 1))
exchange("bad_theta_count", theta=np.arange(5.0))
exchange("bad_theta_nan", theta=np.array([0, np.nan, 2, 3]))
exchange("bad_theta_inf", theta=np.array([0, 1, 2, np.inf]))
exchange("bad_theta_huge", shape=(4, 3, 5), theta=None)
with h5py.File("bad_theta_huge.h5", "r+") as f:  # claims 2^36 views, holds none
    del f["exchange/data"]
    f["exchange"].create_dataset("data", (1 << 36, 3, 5), "u1", chunks=(1 << 12, 3, 5))
    f["exchange"].create_dataset("theta", (1 << 36,), "f8", chunks=(1 << 20,))
with h5py.File("bad_group.h5", "w", libver="latest") as f:
    f.create_group("exchange/data")
with h5py.File("bad_nothing.h5", "w", libver="latest") as f:
    f["something"] = 1
with h5py.File("bad_soft.h5", "w", libver="latest") as f:
    f.create_group("exchange")["data"] = h5py.SoftLink("/nowhere")

keys, angles = [2, 1, 0, 0, 1, 3, 0], [-1, -1, 10, 20, np.nan, 25, 30]
tomo("nxtomo", keys, angles, old=True, pixel=(6.5e-6, "m"))
tomo("nxtomo_names", keys, angles, "scan/pco/camera", "scan/thing")
tomo("nxtomo_plain", keys, angles, "entry/instrument/detector", "entry/sample", classes=False)
tomo("nxtomo_projections", keys, [10, 20, 30])
tomo("nxtomo_no_angles", keys, None)
tomo("nxtomo_linked", keys, angles)
with h5py.File("nxtomo_linked.h5", "r+") as f:  # NXdata with links comes first in the alphabet
    g = f["entry1/tomo_entry"].create_group("data")
    for n in ("data", "image_key"):
        g[n] = f["entry1/tomo_entry/instrument/detector/" + n]
    g["rotation_angle"] = h5py.SoftLink("/entry1/tomo_entry/sample/rotation_angle")
tomo("bad_tomo_angles", keys, angles[:5])
tomo("bad_tomo_keys", keys, angles, frames=6)
tomo("bad_tomo_none", [1, 2, 1], [0, 0, 0])
tomo("bad_tomo_nan", keys, [0, 0, 10, np.nan, 0, 0, 0])
