# Written by ./dev docs (tools/python_stubs.py).
"""For scripts written for cuslines 2.x: its names over this library, on any device.

    import voxgrad.cuslines as cuslines

There: `Tracker` with `generate_sft`, `generate_trx`, `set_compression_parameters` and `seed_propagator`,
`BootDirectionGetter` (by `from_dipy_opdt`, `from_dipy_csa`), `ProbDirectionGetter`, `PttDirectionGetter`, `BACKEND`.
Everything is in voxel indices, as there: seeds, and steps, which are of `step_size` times the smallest side of a voxel,
so that voxels of unlike sides are walked through as they are; directions are along the image's axes; angles in radians.
What is not there is refused by name; what cuslines does wrong is not done (docs/python.md lists it).
"""

from typing import Any, Callable

import numpy as np

from . import Device
from .track import Tractogram

BACKEND: Any

class BootDirectionGetter:
    """Bootstrap tracking; made by `from_dipy_opdt` or `from_dipy_csa`. The attribute angular_weight (0: none) prefers
    directions near the last one.
    """
    def __init__(
        self, model_type: Any = None, min_signal: Any = None, H: Any = None, R: Any = None,
        delta_b: Any = None, delta_q: Any = None, sampling_matrix: Any = None, b0s_mask: Any = None
    ) -> None: ...
    @classmethod
    def from_dipy_opdt(
        cls, gtab: Any, sphere: Any, sh_order_max: Any = 6, full_basis: Any = False,
        sh_lambda: Any = 0.006, min_signal: Any = 1
    ) -> BootDirectionGetter:
        """Of the orientation probability density transform."""
        ...
    @classmethod
    def from_dipy_csa(
        cls, gtab: Any, sphere: Any, sh_order_max: Any = 6, full_basis: Any = False,
        sh_lambda: Any = 0.006, min_signal: Any = 1
    ) -> BootDirectionGetter:
        """Of the constant solid angle function."""
        ...

class ProbDirectionGetter:
    """Directions drawn by the orientation function's values on the sphere."""

class PttDirectionGetter:
    """Parallel transport tracking; lengths in voxels."""
    def __init__(
        self, odf_lut_res: Any = 128, probe_length: Any = 0.25, target_short_step: Any = 0.025,
        probe_quality: Any = 8
    ) -> None: ...

class Tracker:
    """Tracks from seeds in voxel indices; a context manager, as in cuslines, but for nothing that need be given back.

    dg: a direction getter. dataf: (i, j, k, volumes), the series itself for the bootstrap, else the orientation function
    on the sphere. A half ends where stop_map is at or below stop_threshold. sphere_edges: pairs of neighbours.
    min_pts, max_pts: points of streamlines that are kept. step_size in voxels, angles in radians. rng_offset: the
    number of the first seed. chunk_size: results do not depend on it. ngpus: 1.

    voxel_size: (3,) in mm, of `seed_propagator`; generate_sft and generate_trx take the image's. device: None: the best
    GPU, else the CPU.
    """
    dg: Any
    device: Device | str | None
    dataf: Any
    metric_map: Any
    dimx: Any
    dimy: Any
    dimz: Any
    dimt: Any
    sphere_vertices: Any
    sphere_edges: Any
    nedges: Any
    sphere_symm: Any
    tc_threshold: Any
    step_size: Any
    max_angle: Any
    relative_peak_thresh: Any
    min_separation_angle: Any
    min_pts: Any
    max_pts: Any
    ngpus: Any
    chunk_size: Any
    rng_seed: Any
    rng_offset: Any
    voxel_size: Any
    stats: Any
    seed_propagator: Any
    def __init__(
        self, dg: Any, dataf: Any, stop_map: Any, stop_threshold: Any, sphere_vertices: Any,
        sphere_edges: Any, sphere_symm: Any = False, max_angle: Any = 1.0471975511965976,
        step_size: Any = 0.5, min_pts: Any = 0, max_pts: Any = inf,
        relative_peak_thresh: Any = 0.25, min_separation_angle: Any = 0.7853981633974483,
        ngpus: Any = 1, rng_seed: Any = 0, rng_offset: Any = 0, chunk_size: Any = 25000, *,
        voxel_size: Any = (1.0, 1.0, 1.0), device: Device | str | None = None
    ) -> None: ...
    def set_compression_parameters(
        self, pos_dtype: Any = np.float32, linearize: Any = False, tol_error: Any = 0.1,
        max_segment_length: Any = 10
    ) -> None:
        """Of `generate_trx`: the positions' type (float16, 32, 64); linearize: leaves points out that lie within tol_error
        (mm) of the line between those that stay, at most max_segment_length (mm) apart, by DIPY's
        `compress_streamlines`.
        """
        ...
    def generate(
        self, seeds: Any, ref_img: Any, *,
        progress: bool | Callable[[str, float, float], Any] | None = None
    ) -> track.Tractogram:
        """Our own Tractogram in mm, of seeds (n, 3) in voxel indices of the image."""
        ...
    def generate_sft(
        self, seeds: Any, ref_img: Any, *,
        progress: bool | Callable[[str, float, float], Any] | None = None
    ) -> Any:
        """DIPY's StatefulTractogram in voxel indices, of seeds (n, 3) in voxel indices of the image. Needs dipy.
        """
        ...
    def generate_trx(
        self, seeds: Any, ref_img: Any, *,
        progress: bool | Callable[[str, float, float], Any] | None = None
    ) -> Any:
        """trx-python's TrxFile in mm, of seeds (n, 3) in voxel indices of the image. Needs trx-python.
        """
        ...
    def __enter__(self) -> Any: ...
    def __exit__(self, *error: Any) -> Any: ...

__all__ = ['BACKEND', 'BootDirectionGetter', 'ProbDirectionGetter', 'PttDirectionGetter', 'Tracker']
