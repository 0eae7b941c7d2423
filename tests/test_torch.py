"""A program inside PyTorch: our values, gradients and second derivatives, judged by PyTorch's own checks."""

import math

import numpy as np
import pytest

import downslope as ds
from downslope.errors import UsageError
from framework_program import program

torch = pytest.importorskip("torch")


@pytest.fixture(scope="module")
def function():
    from downslope.torch import function

    return function


@pytest.fixture
def points():
    rng = np.random.default_rng(4)
    low, high = [0.1, 0.5], [2.0, 3.0]
    return [torch.tensor(column, requires_grad=True) for column in rng.uniform(low, high, (7, 2)).T]


def test_values_and_gradients_are_ours_in_both_types(function, points):
    f, ours = function(program, ["RATE"]), ds.value_and_grad(program, ["x", "y", "RATE"])
    for kind, rtol in ((torch.float64, 1e-12), (torch.float32, 1e-5)):
        x, y = (p.detach().to(kind).requires_grad_() for p in points)
        rate = torch.tensor(0.4, dtype=kind, requires_grad=True)
        value = f(x, y, RATE=rate)
        slopes = torch.autograd.grad(value.sum(), [x, y, rate])
        each = [ours(a.item(), b.item(), 3, RATE=rate.item()) for a, b in zip(x, y, strict=True)]
        assert value.dtype == slopes[0].dtype == kind
        np.testing.assert_allclose(value.detach(), [v for v, _ in each], rtol=rtol)
        expected = np.array([g for _, g in each])
        np.testing.assert_allclose(slopes[0], expected[:, 0], rtol=10 * rtol)
        np.testing.assert_allclose(slopes[1], expected[:, 1], rtol=10 * rtol)
        np.testing.assert_allclose(slopes[2], expected[:, 2].sum(), rtol=10 * rtol)
        with pytest.raises(AssertionError):
            np.testing.assert_allclose(slopes[0] * 1.001, expected[:, 0], rtol=10 * rtol)


def test_pytorch_s_own_checks_pass(function, points):
    f = function(program, ["RATE"])
    rate = torch.tensor(0.4, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda x, y, r: f(x[:, None], y, RATE=r), (*points, rate))
    assert torch.autograd.gradgradcheck(lambda x, y, r: f(x, y, RATE=r), (*points, rate))


def test_a_third_derivative_is_refused(function, points):
    x = points[0]
    (first,) = torch.autograd.grad(function(program)(x).sum(), x, create_graph=True)
    (second,) = torch.autograd.grad(first.sum(), x, create_graph=True)
    with pytest.raises(UsageError, match="a third derivative of program"):
        torch.autograd.grad((second + x**2).sum(), x)


def test_a_zero_cotangent_stays_zero(function):
    x = torch.tensor([0.0, 4.0], requires_grad=True)
    torch.where(x > 0.0, function(lambda x: math.sqrt(x))(x), 0.0).sum().backward()
    assert x.grad.tolist() == [0.0, 0.25]


def test_empty_whole_and_raising_inputs(function):
    assert function(program)(torch.zeros((0, 3))).shape == (0, 3)
    assert function(program)(0.5, 2.0, 1).item() == pytest.approx(program(0.5, 2.0, 1))
    with pytest.raises(Exception, match="math domain error"):
        function(lambda x: min(math.log(x), 1.0))(torch.tensor([1.0, -1.0]))


def test_what_does_not_fit(function):
    with pytest.raises(UsageError, match="on the device meta"):
        function(program)(torch.zeros(3, device="meta"))
    with pytest.raises(UsageError, match="must be whole"):
        function(program)(1.0, 2.0, 2.7)
    with pytest.raises(UsageError, match="must be a real number"):
        function(program)(1.0 + 2.0j)
    with pytest.raises(UsageError, match="do not fit"):
        function(program)(1.0, z=2.0)
