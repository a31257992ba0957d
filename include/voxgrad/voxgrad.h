/* Voxgrad: differentiable, physics-based imaging. This header includes the whole public API;
 * what io.h declares is in libvoxgrad_io.
 *
 * Stability: stable (docs/abi.md). */
#ifndef VOXGRAD_H
#define VOXGRAD_H
#include "array.h"
#include "base.h"
#include "ct.h"
#include "device.h"
#include "dwi.h"
#include "geometry.h"
#include "io.h"
#include "layout.h"
#include "op.h"
#include "phantom.h"
#include "solve.h"
#include "track.h"
#include "tracts.h"
#endif
