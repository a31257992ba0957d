"""For scripts written for diffct 2.x: its names and conventions over this library, on the CPU.

    import voxgrad.diffct as diffct

There: the thirteen trajectories, `Projector`, `fbp`, `fdk`, `helical_fdk` with weights and filters of
one's own, `cgls`, `sirt`, `tv_reconstruction`, `SolverResult` and the Function classes. World (x, y, z);
volumes (D, H, W), images (H, W); sinograms (views, U, V) or (views, bins); values are lengths. diffct
traces the rays of fans and cones from the source to the pixel; here they are whole lines, which is the
same as long as the volume lies between the two. Rays cross cells (model="siddon", as diffct's do) or are
interpolated (model="joseph": derivatives by the trajectory are there). What is not there is refused by
name.
"""

from .._library import UnsupportedError as _UnsupportedError
from ._projector import Projector  # noqa: F401
from ._projector import function_class as _function_class
from ._recon import (  # noqa: F401
    angular_integration_weights, cone_cosine_weights, cone_weighted_backproject,
    detector_coordinates_1d, fan_cosine_weights, fan_weighted_backproject, fbp, fdk, helical_fdk,
    helical_view_weights, helical_weighted_backproject, parallel_weighted_backproject, parker_weights,
    ramp_filter_1d)
from ._solvers import SolverResult, cgls, sirt, total_variation, tv_reconstruction  # noqa: F401
from ._trajectories import (  # noqa: F401
    circular_trajectory_2d_fan, circular_trajectory_2d_parallel, circular_trajectory_3d,
    circular_trajectory_3d_parallel, custom_trajectory_2d_fan, custom_trajectory_2d_parallel,
    custom_trajectory_3d, random_trajectory_3d, saddle_trajectory_3d, sinusoidal_trajectory_2d_fan,
    sinusoidal_trajectory_2d_parallel, sinusoidal_trajectory_3d, spiral_trajectory_3d,
    transform_trajectory)

ParallelProjectorFunction = _function_class("ParallelProjectorFunction", "parallel", False)
ParallelBackprojectorFunction = _function_class("ParallelBackprojectorFunction", "parallel", True)
FanProjectorFunction = _function_class("FanProjectorFunction", "fan", False)
FanBackprojectorFunction = _function_class("FanBackprojectorFunction", "fan", True)
ConeProjectorFunction = _function_class("ConeProjectorFunction", "cone", False)
ConeBackprojectorFunction = _function_class("ConeBackprojectorFunction", "cone", True)


def _elsewhere(name, words):
    def refused(*_, **__):
        raise _UnsupportedError("%s is not there: %s" % (name, words))
    refused.__name__ = refused.__qualname__ = name
    refused.__doc__ = "Refused: %s." % words
    return refused


_DISK = "work beyond memory is voxgrad.ct.recon's, with max_memory"
NpyStore = _elsewhere("NpyStore", _DISK)
TensorStore = _elsewhere("TensorStore", _DISK)
fbp_into = _elsewhere("fbp_into", _DISK)
fdk_into = _elsewhere("fdk_into", _DISK)
cgls_into = _elsewhere("cgls_into", _DISK)
ParameterizedSurface = _elsewhere("ParameterizedSurface", "detectors are flat, or curved about the source "
                                  "(voxgrad.ct.Geometry)")
