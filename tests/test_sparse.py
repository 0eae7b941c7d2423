"""Sparse Jacobians and Hessians are the dense ones, of every program with arrays; and few runs find them."""

from typing import Any

import numpy as np
import pytest
from scipy import sparse

import downslope as ds
from array_zoo import ARRAY_ZOO, ArraySpecimen
from downslope.calculus.colouring import coloured
from downslope.calculus.pattern import pattern
from downslope.errors import SourceUnavailable

idle_inputs = pytest.mark.filterwarnings(
    "ignore::downslope.errors.DownslopeWarning"
)  # some specimens have them


def blocks(value: Any) -> list[Any]:
    """The matrices of a structure, in order."""
    return [part for one in value for part in blocks(one)] if isinstance(value, tuple) else [value]


def agree(found: Any, expected: Any) -> None:
    """Fail unless sparse blocks hold what the dense ones do."""
    for one, other in zip(blocks(found), blocks(expected), strict=True):
        assert sparse.issparse(one)
        np.testing.assert_allclose(one.toarray().ravel(), np.ravel(other), rtol=1e-12, atol=1e-14)


@idle_inputs
@pytest.mark.parametrize("one", ARRAY_ZOO, ids=str)
def test_a_sparse_jacobian_is_the_dense_one(one: ArraySpecimen) -> None:
    names = one.wrt[0] if len(one.wrt) == 1 else one.wrt
    found = ds.jacobian(one.program, names, engine="python", sparse=True)(*one.fresh())
    agree(found, ds.jacobian(one.program, names, engine="python")(*one.fresh()))


@idle_inputs
@pytest.mark.parametrize("one", [one for one in ARRAY_ZOO if np.isscalar(one.value())], ids=str)
def test_a_sparse_hessian_is_the_dense_one(one: ArraySpecimen) -> None:
    names = one.wrt[0] if len(one.wrt) == 1 else one.wrt
    found = ds.hessian(one.program, names, engine="python", sparse=True)(*one.fresh())
    agree(found, ds.hessian(one.program, names, engine="python")(*one.fresh()))


def chain(x):
    """Each element meets its neighbour."""
    total = 0.0
    for i in range(len(x) - 1):
        total += 100.0 * (x[i + 1] - x[i] ** 2) ** 2 + (1.0 - x[i]) ** 2
    return total


def second_difference(u, c):
    """A stencil; its ends are constant."""
    v = np.zeros(len(u))
    for i in range(1, len(u) - 1):
        v[i] = c * u[i] * (u[i - 1] - 2.0 * u[i] + u[i + 1])
    return v


def chosen(x, k):
    """Which element matters depends on numbers."""
    y = np.zeros(2)
    for i in range(len(x)):
        if x[i] > k:
            y[0] += x[i]
        else:
            y[1] += np.floor(x[i]) + x[0] * 2.0
    return y


def test_the_pattern_holds_nothing_that_is_zero_by_construction() -> None:
    x = np.linspace(0.1, 1.0, 40)
    assert ds.hessian(chain, sparse=True)(x).nnz == 40 + 2 * 39
    assert ds.jacobian(second_difference, sparse=True)(x, 2.0).nnz == 3 * 38


def test_the_pattern_is_that_of_the_path_taken() -> None:
    found = ds.jacobian(chosen, engine="python", sparse=True)
    assert found(np.array([1.0, 5.0, 6.0]), 2.0).toarray().tolist() == [[0, 1, 1], [2, 0, 0]]
    assert found(np.array([5.0, 1.0, 1.0]), 2.0).toarray().tolist() == [[1, 0, 0], [4, 0, 0]]


def test_several_inputs_give_a_matrix_each() -> None:
    u = np.linspace(0.0, 1.0, 5) ** 2
    by_u, by_c = ds.jacobian(second_difference, ("u", "c"), engine="python", sparse=True)(u, 2.0)
    assert by_u.shape == (5, 5)
    assert by_c.shape == (5, 1)


def test_numbers_give_one_matrix() -> None:
    found = ds.jacobian(lambda x, y: (x * y, x + 1.0), (0, 1), engine="python", sparse=True)(2.0, 3.0)
    assert found.toarray().tolist() == [[3.0, 2.0], [1.0, 0.0]]
    assert found.nnz == 3
    assert ds.hessian(lambda x, y: x * y, (0, 1), engine="python", sparse=True)(2.0, 3.0).nnz == 2


@pytest.mark.parametrize(
    ("rows", "columns", "density"), [(5, 1, 0.5), (1, 5, 1.0), (70, 90, 0.1), (300, 500, 0.01), (40, 40, 1.0)]
)
def test_random_patterns_are_found(rows: int, columns: int, density: float) -> None:
    rng = np.random.default_rng(rows)
    matrix = rng.random((rows, columns)) < density
    runs = 0

    def words(bits: Any) -> Any:
        nonlocal runs
        runs += 1
        return np.bitwise_or.reduce(np.where(matrix, bits, 0), axis=1)

    found = pattern(words, columns, rows)
    np.testing.assert_array_equal(found.toarray(), matrix)
    assert runs <= 1 + columns / 4
    spoilt = found.toarray()
    spoilt[0, 0] ^= 1
    with pytest.raises(AssertionError):
        np.testing.assert_array_equal(spoilt, matrix)


@pytest.mark.parametrize("density", [0.02, 0.3, 1.0])
def test_columns_of_one_colour_share_no_row(density: float) -> None:
    matrix = sparse.random_array((150, 200), density=density, rng=np.random.default_rng(1), format="csc")
    colours = coloured(matrix)
    filled = matrix.toarray() != 0
    for colour in range(colours.max() + 1):
        assert filled[:, colours == colour].sum(axis=1).max() <= 1
    assert colours.max() + 1 >= filled.sum(axis=1).max()  # a row needs as many colours as it has entries
    shared = np.zeros_like(colours)
    assert filled[:, shared == 0].sum(axis=1).max() > 1  # the check can fail


def test_a_large_hessian_needs_few_runs() -> None:
    x = np.linspace(-1.0, 1.0, 20_000)
    found = ds.hessian(chain, sparse=True)(x)
    vector = np.cos(np.arange(20_000))
    (expected,) = ds.hvp(chain, (x,), (vector,))
    np.testing.assert_allclose(found @ vector, expected, rtol=1e-10, atol=1e-9)


def test_a_function_without_source_has_no_pattern() -> None:
    with pytest.raises(SourceUnavailable):
        ds.jacobian(eval("lambda x: 2.0 * x"), sparse=True)
