"""The CIL lines of docs/geometry.md: a geometry written, converted by the command, read again.

CIL is no package of the Python index. Without it the attributes and functions the lines name are stood in
for, as CIL's documentation has them."""
import importlib.util
import runpy
import subprocess
import sys
import types

missing = importlib.util.find_spec("cil") is None


class Vector(list):
    def tolist(self):
        return [float(x) for x in self]


class AcquisitionGeometry:
    """With CIL's defaults: config.system, .panel and .angles of one setup turned about an axis."""

    @staticmethod
    def make(cone, three, position, detector_position, detector_direction_x=(1, 0, 0), rotation_axis_position=(0, 0, 0),
             detector_direction_y=(0, 0, 1), rotation_axis_direction=(0, 0, 1), units="units distance"):
        space = types.SimpleNamespace
        system = space(detector=space(position=Vector(detector_position), direction_x=Vector(detector_direction_x)),
                       rotation_axis=space(position=Vector(rotation_axis_position)))
        if three:
            system.detector.direction_y = Vector(detector_direction_y)
            system.rotation_axis.direction = Vector(rotation_axis_direction)
        setattr(system, "source" if cone else "ray", space(position=Vector(position), direction=Vector(position)))
        ag = AcquisitionGeometry()
        ag.config = space(system=system)
        return ag

    @staticmethod
    def create_Cone3D(source_position, **rest):
        return AcquisitionGeometry.make(True, True, source_position, **rest)

    @staticmethod
    def create_Parallel3D(ray_direction, **rest):
        return AcquisitionGeometry.make(False, True, ray_direction, **rest)

    def set_panel(self, num_pixels, pixel_size, origin="bottom-left"):
        self.config.panel = types.SimpleNamespace(num_pixels=num_pixels, pixel_size=pixel_size, origin=origin)
        return self

    def set_angles(self, angles, initial_angle=0, angle_unit="degree"):
        self.config.angles = types.SimpleNamespace(angle_data=angles, initial_angle=initial_angle, angle_unit=angle_unit)
        return self

    def get_ImageGeometry(self):
        return types.SimpleNamespace()


if missing:
    framework = types.SimpleNamespace(AcquisitionGeometry=AcquisitionGeometry, ImageGeometry=types.SimpleNamespace)
    sys.modules["cil"] = types.ModuleType("cil")
    sys.modules["cil.framework"] = framework
snippet = runpy.run_path(sys.argv[1])
from cil.framework import AcquisitionGeometry as Geometry


def near(a, b):
    return len(a) == len(b) and all(abs(p - q) < 1e-6 * (1 + abs(q)) for p, q in zip(a, b))


for kind, first in (("Cone3D", {"source_position": [0.0, -100.0, 0.0]}), ("Parallel3D", {"ray_direction": [0.0, 1.0, 0.0]})):
    ag = getattr(Geometry, "create_" + kind)(detector_position=[0.0, 50.0, 0.0], detector_direction_x=[1.0, 0.0, 0.0],
                                             detector_direction_y=[0.0, 0.0, 1.0], rotation_axis_position=[0.0, 0.0, 0.0],
                                             rotation_axis_direction=[0.0, 0.0, 1.0], **first)
    ag.set_panel([32, 24], [0.7, 0.8]).set_angles([6.0 * i for i in range(20)])
    snippet["dump"](ag, "cil.json")
    for command in (["explain", "cil.json"], ["convert", "cil.json", "--to", "vectors", "-o", "vectors.json", "--force"],
                    ["convert", "vectors.json", "--to", "cil", "-o", "back.json", "--force"]):
        subprocess.run(["voxgrad", "geometry"] + command, check=True, stdout=subprocess.DEVNULL)
    back, image = snippet["load"]("back.json")
    s, panel, turned = back.config.system, back.config.panel, back.config.angles
    turn = [(float(t) + float(turned.initial_angle)) % 360 for t in turned.angle_data]
    assert [int(n) for n in panel.num_pixels] == [32, 24] and near([float(x) for x in panel.pixel_size], [0.7, 0.8])
    assert near(turn, [6.0 * i for i in range(20)]) or kind == "Parallel3D", turn
    if kind == "Cone3D":
        gap = sum(p * q for p, q in zip(s.source.position.tolist(), s.detector.position.tolist()))
        assert abs(gap + 5000) < 1e-3, gap
if missing:
    print("SKIP run with a stand-in for cil, which is not in the Python package index")
