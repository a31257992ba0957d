"""PyTorch: derivatives by finite differences in double, layers, training, misuse."""

import sys

import numpy as np

import harness
import voxgrad as vxg

SUITE, NEEDS = "python_torch", "torch"
torch = harness.optional("torch")
if torch:
    from torch.autograd import gradcheck, gradgradcheck

    import voxgrad.torch as vt


def parallel(views=5, columns=8):
    return vxg.ct.ParallelGeometry.circular(views, 1, columns)


def double(shape, seed=1):
    return torch.tensor(np.random.default_rng(seed).normal(size=shape), requires_grad=True)


def operators():
    cone = vxg.ct.ConeGeometry.circular(4, 5, 6, sod=20, sdd=30)
    yield "parallel", vxg.ct.XrayTransform(parallel())
    yield "siddon", vxg.ct.XrayTransform(parallel(), model="siddon")
    yield "cone", vxg.ct.XrayTransform(cone)
    yield "footprint", vxg.ct.XrayTransform(cone, model="footprint")
    yield "fdk", vxg.ct.fdk_operator(vxg.ct.ConeGeometry.circular(12, 3, 6, sod=20, sdd=30))
    yield "fbp", vxg.ct.fbp_operator(parallel(), window="hann")
    yield "fourier", vxg.ct.fourier_operator(parallel())
    yield "backprojector", vxg.ct.backprojector(parallel())
    yield "filter", vxg.ct.filter_operator((4, 1, 8), vxg.ct.filter_response("ramp", 16))
    yield "function", vxg.FunctionOperator(lambda v: 2 * v[1:], lambda w: np.r_[0, 2 * w], (5,), (4,))
    yield "views", vxg.ct.XrayTransform(parallel())[[1, 3]]
    yield "normal", vxg.ct.XrayTransform(parallel()).normal


def test_gradcheck():
    """First and second derivatives of every linear operator, and of its adjoint."""
    for name, A in operators():
        for B in (A, A.T):
            x = double(B.domain_shape)
            assert gradcheck(B, (x,)), name
            assert gradgradcheck(B, (x,)), name


def test_geometry_gradient():
    """By volume and geometry, away from kinks: a smooth volume, rays at angles of no symmetry."""
    g = vxg.ct.ParallelGeometry.circular([0.31, 1.17], 1, 5, pixel=1.13)
    A = vxg.ct.GeometryTransform(g, vxg.ct.Volume((1, 6, 6)))
    x = double(A.domain_shapes[0])
    delta = torch.zeros(A.domain_shapes[1], dtype=torch.float64, requires_grad=True)
    assert gradcheck(A, (x, delta), eps=1e-7, atol=1e-5, rtol=1e-4)
    y = A(x, delta)
    assert torch.allclose(y, vxg.ct.XrayTransform(g, A.volume)(x))
    (gx,) = torch.autograd.grad(y.sum(), x, create_graph=True)
    assert gx.shape == x.shape
    harness.refused(RuntimeError, "second derivatives", gx.sum().backward)


def test_batches():
    A = vxg.ct.XrayTransform(parallel())
    x = double((2, 3) + A.domain_shape)
    y = A(x)
    assert y.shape == (2, 3) + A.range_shape and torch.equal(y[1, 2], A(x[1, 2]))
    assert torch.equal(A(x.permute(1, 0, 2, 3)), y.permute(1, 0, 2, 3))
    y.square().sum().backward()
    assert torch.allclose(x.grad[1, 2], 2 * A.T(y[1, 2].detach()))
    with torch.no_grad():
        assert not A(x).requires_grad
    assert A(x.float()).dtype == torch.float32
    plain = x.detach().clone()
    before = plain.clone()
    A(plain)
    assert torch.equal(plain, before)


def test_layers():
    """Layers agree with the operators; a response is learned, and the loss falls."""
    torch.manual_seed(0)
    g = parallel(40, 24)
    image = torch.zeros(24, 24)
    image[8:16, 6:18] = 1
    project, back = vt.Projection(g), vt.Backprojection(g)
    y = project(image)
    assert torch.equal(back(y), project.operator.T(y)) and "24" in repr(project)
    fbp = vt.FilteredBackprojection(g)
    want = torch.tensor(vxg.ct.fbp(y.numpy(), g))
    assert (fbp(y) - want).abs().max() < 1e-3 * want.abs().max()
    assert fbp(torch.stack([y, y])).shape == (2, 24, 24)
    optimiser = torch.optim.Adam(fbp.parameters(), 5e-3)
    losses = []
    for _ in range(40):
        optimiser.zero_grad()
        loss = (fbp(y) - image).square().mean()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    assert losses[-1] < 0.9 * losses[0], (losses[0], losses[-1])
    harness.refused(ValueError, "parallel beam", vt.FilteredBackprojection,
                    vxg.ct.ConeGeometry.circular(4, 5, 6, sod=20, sdd=30))
    harness.refused(TypeError, "Operator", vt.Layer, "A")
    for g in (vxg.ct.ConeGeometry.circular(40, 8, 24, sod=80, sdd=120, pixel=1.5),
              vxg.ct.FanGeometry.circular(40, 24, 80, 120, pixel=1.5)):
        volume = vxg.ct.Volume((6 if g.rows > 1 else 1, 16, 16))
        y = torch.rand(*vxg.ct.XrayTransform(g, volume).range_shape, requires_grad=True)
        fdk = vt.FDK(g, volume)
        want = torch.tensor(vxg.ct.fdk(y.detach().numpy(), g, volume))
        got = fdk(y)
        assert (got - want).abs().max() < 1e-5 * want.abs().max()
        got.sum().backward()
        assert fdk.response.grad.abs().sum() > 0 and y.grad.abs().sum() > 0
    harness.refused(ValueError, "once round", vt.FDK, vxg.ct.ConeGeometry.circular(
        [0, 0.1, 0.2], 5, 6, sod=20, sdd=30))
    harness.refused(ValueError, "flat", vt.FDK, parallel())
    vectors = vxg.ct.ParallelGeometry.circular(10, 1, 8).vectors.copy()
    vectors[::2, 2] *= 1.5
    mixed = vxg.ct.Geometry.from_vectors("parallel", vectors, 1, 8)
    harness.refused(ValueError, "one size", vt.FilteredBackprojection, mixed)
    helix = vxg.ct.ConeGeometry.helical(40, 8, 24, sod=80, sdd=120)
    harness.refused(ValueError, ["FDK", "height"], vt.FDK, helix, vxg.ct.Volume((4, 8, 8)))


def test_tensors():
    """Layouts of tensors: strides, transposes, sizes of zero; what is not dense is refused."""
    A = vxg.ct.XrayTransform(parallel())
    x = torch.rand(8, 8)
    want = A(x)
    wide = torch.zeros(16, 24)
    wide[::2, ::3] = x
    assert torch.equal(A(wide[::2, ::3]), want) and torch.equal(A(x.T.clone().T), want)
    assert torch.equal(A(torch.ones(1, 1).expand(8, 8)), A(torch.ones(8, 8)))
    assert A(torch.zeros(0, 8, 8)).shape == (0, 5, 8)
    out = torch.empty(5, 24)[:, ::3]
    assert A(x, out=out) is out and torch.equal(out, want)
    harness.refused(ValueError, ["out", "(4, 8)"], A, x, out=torch.empty(4, 8))
    harness.refused(vxg.UnsupportedError, "sparse", A, x.to_sparse())
    z = torch.zeros(5, 8, dtype=torch.complex64)
    harness.refused(ValueError, "negative", A, x, out=z.conj().imag)
    w = torch.ones(5, 8, requires_grad=True)
    harness.refused(ValueError, "gradient", A, x, out=w)
    harness.refused(ValueError, "gradient", A, x.clone().requires_grad_(), out=torch.empty(5, 8))
    t = w * 1
    q = t.square().sum()
    with torch.no_grad():
        A(x, out=t)
    harness.refused(RuntimeError, "inplace", q.backward)

    class Own(torch.Tensor):
        pass
    p = x.as_subclass(Own)
    assert isinstance(A(p), torch.Tensor)
    y = A @ x.ravel()
    assert isinstance(y, torch.Tensor) and torch.equal(y, want.ravel())
    harness.refused(vxg.UnsupportedError, "meta", A, x.to("meta"))
    harness.refused(TypeError, "bfloat16", A, x.to(torch.bfloat16))


def test_wrong_tensors():
    A = vxg.ct.XrayTransform(parallel())
    harness.refused(ValueError, "(8, 8)", A, torch.ones(3, 8))
    harness.refused(TypeError, "float32 or float64", A, torch.ones(8, 8, dtype=torch.int64))
    harness.refused(TypeError, "float16", A, torch.ones(8, 8, dtype=torch.float16))
    harness.refused(TypeError, "inputs", A, torch.ones(8, 8), torch.ones(8, 8))
    broken = vxg.FunctionOperator(lambda v: v, lambda w: 1 / 0, (5,), (5,))
    x = torch.ones(5, requires_grad=True)
    harness.refused(ZeroDivisionError, "", lambda: broken(x).sum().backward())


def test_no_memory():
    """A hundred calls on one tensor ask the library for nothing."""
    A = vxg.ct.XrayTransform(parallel(20, 32))
    x, out = torch.ones(A.domain_shape), torch.empty(A.range_shape)
    A(x, out=out)
    vxg.lib.vxg_alloc_count()
    for _ in range(100):
        A(x, out=out)
    assert vxg.lib.vxg_alloc_count() == 0


def test_data_loader():
    """Workers of a DataLoader (forked) project as the parent does."""
    A = vxg.ct.XrayTransform(parallel())
    images = torch.rand(6, 8, 8)

    class Set(torch.utils.data.Dataset):
        def __len__(self):
            return len(images)

        def __getitem__(self, i):
            return A(images[i])
    want = A(images)
    loaded = torch.cat(list(torch.utils.data.DataLoader(Set(), batch_size=2, num_workers=2)))
    assert torch.equal(loaded, want)


if __name__ == "__main__":
    sys.exit(harness.main("__main__", sys.argv[1:]))
