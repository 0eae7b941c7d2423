"""A program inside JAX: the same values and gradients as ours, under jit, grad and vmap."""

import math

import numpy as np
import pytest

import downslope as ds
from downslope.errors import UnsupportedError, UsageError
from downslope.interop.batched import batched
from framework_program import program

jax = pytest.importorskip("jax")
jnp = jax.numpy


@pytest.fixture
def function():
    from downslope.jax import function

    return function


@pytest.fixture
def points():
    rng = np.random.default_rng(4)
    return rng.uniform(0.1, 2.0, 12).astype(np.float32), rng.uniform(0.5, 3.0, 12).astype(np.float32)


def test_values_and_gradients_are_ours(function, points):
    f = function(program, ["RATE"])
    ours = ds.value_and_grad(program, ["x", "y", "RATE"])

    def total(x, y, rate):
        return jnp.sum(f(x, y, RATE=rate) ** 2)

    value, slopes = jax.jit(jax.value_and_grad(total, (0, 1, 2)))(*points, 0.4)
    each = [ours(float(x), float(y), 3, RATE=0.4) for x, y in zip(*points, strict=True)]
    np.testing.assert_allclose(value, sum(v**2 for v, _ in each), rtol=1e-5)
    expected = np.array([[2 * v * slope for slope in g] for v, g in each])
    np.testing.assert_allclose(slopes[0], expected[:, 0], rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(slopes[1], expected[:, 1], rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(slopes[2], expected[:, 2].sum(), rtol=1e-4)
    assert value.dtype == slopes[0].dtype == np.float32
    with pytest.raises(AssertionError):
        np.testing.assert_allclose(slopes[0] * 1.001, expected[:, 0], rtol=1e-4, atol=1e-5)


def test_shapes_are_broadcast_and_mapped(function, points):
    f = function(program)
    x, y = points
    table = f(x[:, None], y[None, :])
    assert table.shape == (12, 12)
    np.testing.assert_allclose(table[3, 5], program(float(x[3]), float(y[5])), rtol=1e-6)
    np.testing.assert_array_equal(jax.vmap(f)(x, y), f(x, y))
    np.testing.assert_array_equal(
        jax.vmap(jax.grad(f), (0, None))(x, y[0]), jax.vmap(lambda v: jax.grad(f)(v, y[0]))(x)
    )
    assert f(jnp.zeros((0, 3))).shape == (0, 3)


def test_a_whole_input_has_no_derivative(function):
    assert float(function(program)(0.5, 2.0, 1)) == pytest.approx(program(0.5, 2.0, 1))
    with pytest.raises(TypeError, match="got int32"):
        jax.grad(function(program), 2)(0.5, 2.0, 1)


def test_more_than_one_derivative_is_refused(function):
    with pytest.raises(ValueError, match="callback"):
        jax.grad(jax.grad(function(program)))(0.5)


def test_a_zero_cotangent_stays_zero(function):
    f = function(lambda x: math.sqrt(x))
    slope = jax.grad(lambda x: jnp.where(x > 0.0, f(x), 0.0))
    assert float(slope(0.0)) == 0.0
    assert float(slope(4.0)) == 0.25


def test_where_the_program_raises_the_call_does(function):
    f = function(lambda x: min(math.log(x), 1.0))
    with pytest.raises(Exception, match="math domain error"):
        f(jnp.array([1.0, -1.0])).block_until_ready()


def test_what_does_not_fit(function):
    with pytest.raises(UsageError, match="do not fit"):
        function(program)(1.0, z=2.0)
    with pytest.raises(UsageError, match="must be whole"):
        jax.jit(function(program))(1.0, 2.0, 2.7)
    with pytest.raises(UsageError, match="must be a real number"):
        function(program)(1.0 + 2.0j)
    with pytest.raises(UnsupportedError, match="takes arrays"):
        batched(lambda a: a[0] * a[1])
