"""TRX files for tests/cli_track.sh, read by what shares nothing with the program.

tract_files.py check 'EXPRESSION'   fails when it is false; lines(path) is a list of streamlines, each a list of (x y z)
"""
import json
import math
import re
import struct
import sys
import xml.etree.ElementTree
import zipfile
from array import array


def parts(path):
    with zipfile.ZipFile(path) as z:
        return {name: z.read(name) for name in z.namelist()}


def lines(path):
    p = parts(path)
    if json.loads(p["header.json"])["NB_STREAMLINES"] == 0:
        return []
    name = next(n for n in p if n.startswith("positions.3."))
    xyz = [v[0] for v in struct.iter_unpack("<e", p[name])] if name.endswith("float16") else array("f", p[name])
    key = next(n for n in p if n.startswith("offsets."))
    offsets = array("I" if key.endswith("32") else "Q", p[key])
    head = json.loads(p["header.json"])
    ends = list(offsets)
    if len(ends) == head["NB_STREAMLINES"]:
        ends.append(head["NB_VERTICES"])
    assert len(xyz) == 3 * ends[-1] and len(ends) == head["NB_STREAMLINES"] + 1, path
    points = [tuple(xyz[3 * i : 3 * i + 3]) for i in range(ends[-1])]
    return [points[a:b] for a, b in zip(ends, ends[1:])]


def length(line):
    return math.fsum(math.dist(a, b) for a, b in zip(line, line[1:]))


def apart(a, b, step):
    """Streamlines that differ by more than a step somewhere, or in their number of points by more than one."""
    assert len(a) == len(b), (len(a), len(b))
    far = lambda p, q: abs(len(p) - len(q)) > 1 or any(math.dist(x, y) > step for x, y in zip(p, q))
    return sum(far(p, q) for p, q in zip(a, b))


def page(path):
    """Pictures of a page, which must be well-formed and need nothing else."""
    with open(path, encoding="utf-8") as f:
        text = f.read()
    root = xml.etree.ElementTree.fromstring(re.sub(r"^<!DOCTYPE[^>]*>", "", text))
    sources = [e.get("src") for e in root.iter() if e.tag.split("}")[-1] == "img"]
    assert all(s.startswith("data:image/png;base64,") for s in sources), "a picture is elsewhere"
    return len(sources)


def about(path):
    with open(path) as f:
        return json.load(f)


if __name__ == "__main__":
    if not eval("(" + sys.argv[2] + ")"):
        sys.exit(f"not so: {sys.argv[2]}")
