"""JAX: values, derivatives of first and second order, jit, vmap, misuse."""

import sys

import numpy as np

import harness
import voxgrad as vxg

SUITE, NEEDS = "python_jax", "jax"
jax = harness.optional("jax")
if jax:
    jax.config.update("jax_enable_x64", True)
    from jax import numpy as jnp
    from jax.test_util import check_grads

    import voxgrad.jax as vj


def parallel(views=5, columns=8):
    return vxg.ct.ParallelGeometry.circular(views, 1, columns)


def numbers(shape, seed=1, dtype=np.float64):
    return jnp.asarray(np.random.default_rng(seed).normal(size=shape).astype(dtype))


def test_values():
    """The bits of NumPy, also compiled, also in a batch."""
    A = vxg.ct.XrayTransform(parallel())
    for dtype in (np.float32, np.float64):
        x = numbers(A.domain_shape, dtype=dtype)
        want = A(np.asarray(x))
        f = jax.jit(lambda v: vj.apply(A, v))
        for got in (vj.apply(A, x), A(x), f(x), f(x)):
            assert got.dtype == dtype and np.array_equal(got, want)
        batch = jnp.stack([x, 2 * x, -x])
        for got in (jax.vmap(f)(batch), f(batch), jax.jit(jax.vmap(lambda v: vj.apply(A, v)))(batch)):
            assert np.array_equal(got, A(np.asarray(batch)))
        both = jax.vmap(jax.vmap(lambda v: vj.apply(A, v), in_axes=1, out_axes=2))(
            jnp.stack([batch.swapaxes(0, 1)] * 2))
        assert both.shape == (2,) + A.range_shape[:1] + A.range_shape[1:] + (3,)


def test_derivatives():
    """Against finite differences in double, to second order, forwards and backwards."""
    cone = vxg.ct.ConeGeometry.circular(4, 5, 6, sod=20, sdd=30)
    for A in (vxg.ct.XrayTransform(parallel()), vxg.ct.XrayTransform(cone),
              vxg.ct.fbp_operator(parallel()), vxg.ct.XrayTransform(parallel()).T):
        x = numbers(A.domain_shape)
        check_grads(lambda v: vj.apply(A, v), (x,), order=2)
        check_grads(jax.jit(lambda v: jnp.sin(vj.apply(A, v)).sum()), (x,), order=2, rtol=1e-4)
        y = numbers(A.range_shape, 2)
        (gradient,) = jax.vjp(lambda v: vj.apply(A, v), x)[1](y)
        assert np.allclose(gradient, A.T(np.asarray(y)), rtol=1e-12, atol=1e-12)


def test_geometry():
    g = vxg.ct.ParallelGeometry.circular([0.31, 1.17], 1, 5, pixel=1.13)
    A = vxg.ct.GeometryTransform(g, vxg.ct.Volume((1, 6, 6)))
    x, delta = numbers(A.domain_shapes[0]), jnp.zeros(A.domain_shapes[1])
    check_grads(lambda v, d: vj.apply(A, v, d), (x, delta), order=1, modes=["rev"], eps=1e-6,
                rtol=1e-4, atol=1e-4)


def test_operator_gone():
    """A compiled function keeps what it calls; a handle that is gone is an error in words."""
    f = jax.jit(lambda v, A=vxg.ct.XrayTransform(parallel()): vj.apply(A, v))
    x = numbers((8, 8))
    first = f(x)
    assert np.array_equal(f(x), first)
    out = jax.ShapeDtypeStruct((5, 8), np.float64)
    call = vj._ffi.ffi_call(vj._TARGET, out)
    try:
        jax.block_until_ready(call(x, operator=np.int64(1)))
    except Exception as e:
        assert "operator that is gone" in str(e), e
    else:
        raise AssertionError("a wrong handle was taken")


def test_wrong_arrays():
    A = vxg.ct.XrayTransform(parallel())
    harness.refused(ValueError, "(8, 8)", vj.apply, A, jnp.ones((3, 8)))
    harness.refused(TypeError, "float32 or float64", vj.apply, A, jnp.ones((8, 8), int))
    fixed = vxg.ct.XrayTransform(parallel(), dtype=np.float64)
    harness.refused(TypeError, "float64", vj.apply, fixed, jnp.ones((8, 8), np.float32))
    harness.refused(ValueError, "JAX", A, np.ones((8, 8)), out=jnp.ones((5, 8)))
    broken = vxg.FunctionOperator(lambda v: 1 / 0, None, (5,), (5,))
    try:
        jax.block_until_ready(jax.jit(lambda v: vj.apply(broken, v))(jnp.ones(5)))
    except Exception as e:
        assert "ZeroDivisionError" in str(e), e
    else:
        raise AssertionError("nothing was raised")
    A(np.ones((8, 8)))  # and it does not come out of another call
    harness.refused(TypeError, "inputs", vj.apply, A, jnp.ones((8, 8)), jnp.ones((8, 8)))


if __name__ == "__main__":
    sys.exit(harness.main("__main__", sys.argv[1:]))
