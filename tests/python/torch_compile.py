"""What PyTorch has since 2.4: operators as its own operations (opcheck), torch.compile, torch.func,
vmap; the deep set runs this with the newest one."""

import sys

import numpy as np

import harness
import voxgrad as vxg

SUITE, NEEDS = "python_torch_new", "torch"
torch = harness.optional("torch")
HERE = torch is not None and hasattr(torch.library, "custom_op")
if HERE:
    import voxgrad.torch as vt


def skipped():
    if not HERE:
        raise harness.Skip("PyTorch %s is here, 2.4 is needed" % torch.__version__)


def geometry():
    return vxg.ct.ParallelGeometry.circular(5, 1, 8)


def moving(dtype):
    g = vxg.ct.ParallelGeometry.circular([0.31, 1.17], 1, 5, pixel=1.13)
    A = vxg.ct.GeometryTransform(g, vxg.ct.Volume((1, 6, 6)))
    x = torch.rand(6, 6, dtype=dtype, requires_grad=True)
    return A, x, torch.zeros(A.domain_shapes[1], dtype=dtype, requires_grad=True)


def test_opcheck():
    """Schema, fake tensors, autograd and dynamic shapes of all three operations, linear ones of every
    model and their adjoints, batches, slices."""
    skipped()
    cone = vxg.ct.ConeGeometry.circular(4, 5, 6, sod=20, sdd=30)
    for A in (vxg.ct.XrayTransform(geometry()), vxg.ct.XrayTransform(geometry()).T,
              vxg.ct.XrayTransform(cone, model="siddon"), vxg.ct.fdk_operator(
                  vxg.ct.ConeGeometry.circular(12, 3, 6, sod=20, sdd=30)), 2 * vxg.ct.XrayTransform(geometry())[1:3]):
        for shape in (A.domain_shape, (2, 3) + A.domain_shape):
            x = torch.rand(*shape, requires_grad=True)
            torch.library.opcheck(torch.ops.voxgrad.linear, (x, A._number))
    A = vxg.ct.XrayTransform(geometry())
    torch.library.opcheck(torch.ops.voxgrad.linear, (torch.rand(8, 16)[:, ::2], A._number))
    G, x, delta = moving(torch.float64)
    torch.library.opcheck(torch.ops.voxgrad.evaluate, ([x, delta], G._number))
    for wanted in ([True, True], [False, True]):
        torch.library.opcheck(torch.ops.voxgrad.gradients, (
            [x.detach(), delta.detach()], torch.rand(2, 5, dtype=torch.float64), wanted, G._number))


def test_compile():
    """One graph without a break, the same numbers and gradients; layers, and A(x) by itself."""
    skipped()
    A = vxg.ct.XrayTransform(geometry())
    G, y, delta = moving(torch.float32)
    x = torch.rand(3, 8, 8, requires_grad=True)
    cases = [(vt.Layer(A), (x,)), (A, (x,)), (A.T, (torch.rand(5, 8, requires_grad=True),)), (G, (y, delta)),
             (vt.FilteredBackprojection(geometry()), (torch.rand(5, 8, requires_grad=True),)),
             (vt.FDK(vxg.ct.ConeGeometry.circular(8, 4, 6, sod=20, sdd=30)), (torch.rand(8, 4, 6, requires_grad=True),))]
    for f, inputs in cases:
        torch._dynamo.reset()
        made = torch.compile(lambda *v: f(*v).sin().sum(), fullgraph=True, backend="aot_eager")
        want = f(*inputs).sin().sum()
        got = made(*inputs)
        assert torch.allclose(got, want, rtol=1e-6), f
        for a, b in zip(torch.autograd.grad(got, inputs), torch.autograd.grad(want, inputs)):
            assert torch.allclose(a, b, rtol=1e-5, atol=1e-6), f


def test_training():
    """A compiled training step: the loss falls as without compiling."""
    skipped()
    g = vxg.ct.ParallelGeometry.circular(12, 1, 16)
    project = vt.Projection(g)
    image = torch.zeros(16, 16)
    image[4:10, 5:12] = 1
    losses = []
    for compiled in (False, True):
        torch._dynamo.reset()
        fbp = vt.FilteredBackprojection(g)
        step = torch.compile(fbp, backend="aot_eager") if compiled else fbp
        optimiser = torch.optim.Adam(fbp.parameters(), 1e-3)
        losses.append([])
        for _ in range(10):
            optimiser.zero_grad()
            loss = (step(project(image)) - image).square().mean()
            loss.backward()
            optimiser.step()
            losses[-1].append(loss.item())
    assert losses[1][-1] < 0.97 * losses[1][0] and np.allclose(*losses, rtol=1e-4), losses


def test_functions():
    """torch.func: grad, vjp, jvp, jacobians, Hessian, vmap over any axis and of gradients."""
    skipped()
    A = vxg.ct.XrayTransform(geometry())
    x, t = torch.rand(8, 8, dtype=torch.float64), torch.rand(8, 8, dtype=torch.float64)

    def loss(v):
        return A(v).square().sum()
    assert torch.allclose(torch.func.grad(loss)(x), 2 * A.T(A(x)))
    assert torch.allclose(torch.func.jvp(A, (x,), (t,))[1], A(t))
    jacobian = torch.func.jacrev(A)(x).reshape(40, 64)
    assert torch.allclose(jacobian @ t.reshape(-1), A(t).reshape(-1))
    assert torch.allclose(torch.func.jacfwd(A)(x).reshape(40, 64), jacobian)
    hessian = torch.func.hessian(loss)(x).reshape(64, 64)
    assert torch.allclose(hessian, 2 * jacobian.T @ jacobian)
    batch = torch.rand(8, 3, 8, dtype=torch.float64)
    want = torch.stack([A(batch[:, i]) for i in range(3)])
    assert torch.equal(torch.func.vmap(A, in_dims=1)(batch), want)
    assert torch.equal(torch.vmap(lambda v: torch.ops.voxgrad.linear(v, A._number), in_dims=1)(batch), want)
    G, y, delta = moving(torch.float64)
    one = torch.func.grad(lambda v, d: G(v, d).square().sum(), argnums=(0, 1))(y.detach(), delta.detach())
    want_both = torch.autograd.grad(G(y, delta).square().sum(), (y, delta))
    assert all(torch.allclose(a, b) for a, b in zip(one, want_both))
    many = torch.func.vmap(G, in_dims=(0, None))(torch.stack([y.detach(), 2 * y.detach()]), delta.detach())
    assert torch.allclose(many[1], 2 * G(y, delta).detach())
    each = torch.func.vmap(torch.func.grad(loss))(batch.movedim(1, 0))
    assert torch.allclose(each[2], 2 * A.T(A(batch[:, 2])))


def test_gone():
    """An operation whose operator is gone says so."""
    skipped()
    number = vxg.ct.XrayTransform(geometry())._number
    harness.refused(RuntimeError, "is gone", torch.ops.voxgrad.linear, torch.rand(8, 8), number)


if __name__ == "__main__":
    sys.exit(harness.main("__main__", sys.argv[1:]))
