"""Linear algebra in programs: what NumPy refuses, what is not read, types of elements, known slopes."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import downslope as ds
from downslope.errors import ProgramError, UnsupportedError
from test_arrays_bad import loaded

A = np.array([[2.0, 0.3], [0.4, 1.5]])
WIDE, CUBE, V = np.ones((2, 3)), np.ones((2, 2, 3)), np.array([1.0, 2.0])

RAISED: dict[str, tuple[str, tuple[Any, ...], str]] = {
    "singular system": ("np.sum(np.linalg.solve(a, b))", (np.ones((2, 2)), V), "Singular matrix"),
    "singular inverse": ("np.sum(np.linalg.inv(a) * b)", (np.zeros((2, 2)), V), "Singular matrix"),
    "not definite": ("np.sum(np.linalg.cholesky(a) * b)", (-np.eye(2), V), "not positive definite"),
    "not square": ("np.linalg.det(a) + b[0]", (WIDE, V), "square"),
    "not square in a stack": ("np.sum(np.linalg.inv(a)) + b[0]", (CUBE, V), "square"),
    "wrong length": ("np.sum(np.linalg.solve(a, b))", (A, np.ones(3)), "mismatch"),
    "nothing to convolve": ("np.sum(np.convolve(a[0], b))", (A, np.zeros(0)), "empty"),
    "no knots": ("np.interp(a[0, 0], b, b)", (A, np.zeros(0)), "empty"),
    "knots and values": ("np.interp(a[0, 0], b, a[0, :1])", (A, V), "same length"),
    "letters of two lengths": ('np.einsum("ij,ij->", a, b[:, None] * b[:2])', (WIDE, V), "broadcast"),
}


COMPILED = ("not definite", "no knots")


@pytest.mark.parametrize(
    ("name", "engine"), [*((name, "python") for name in RAISED), *((name, "native") for name in COMPILED)]
)
def test_what_numpy_raises_is_reported_at_its_line(name: str, engine: str) -> None:
    text, args, said = RAISED[name]
    program = loaded(f"return {text}", "a, b")
    with pytest.raises(ProgramError, match=said) as caught:
        ds.grad(program, (0, 1), engine=engine)(*args)  # type: ignore[arg-type]  # one of the two
    assert caught.value.problem.loc is not None
    assert caught.value.problem.loc.line == 7


REFUSED = {
    "subscripts that vary": ("np.einsum(a, a)", "np.einsum"),
    "too few letters": ('np.einsum("i,i->", a, a)', "np.einsum"),
    "letter of no operand": ('np.einsum("ij->k", a)', "np.einsum"),
    "one operand too few": ('np.einsum("ij,jk->ik", a)', "np.einsum"),
    "period": ("np.interp(a[0, 0], b, b, period=1.0)", "np.interp"),
    "mode": ('np.sum(np.convolve(b, b, "odd"))', "np.convolve"),
    "power that varies": ("np.sum(np.linalg.matrix_power(a, len(b)))", "np.linalg.matrix_power"),
    "power that is no whole number": ("np.sum(np.linalg.matrix_power(a, 0.5))", "np.linalg.matrix_power"),
    "norm that varies": ("np.linalg.norm(b, b[0])", "np.linalg.norm"),
    "axis that is not there": ("np.sum(np.linalg.norm(a, axis=2))", "np.linalg.norm"),
    "norm of three axes": ("np.linalg.norm(a[None] * a[:, :, None], 1)", "np.linalg.norm"),
    "vector for a matrix": ("np.linalg.det(b)", "np.linalg.det"),
    "upper factor": ("np.sum(np.linalg.cholesky(a, upper=True))", "np.linalg.cholesky"),
    "unknown keyword": ("np.linalg.det(a, check=True)", "np.linalg.det(a, check=True)"),
    "star": ("np.linalg.solve(*a)[0]", "*a"),
    "text where a number belongs": ('np.interp(a[0, 0], b, b, "low")', "np.interp"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_not_read_is_refused_at_its_place(name: str) -> None:
    text, place = REFUSED[name]
    with pytest.raises(UnsupportedError) as caught:
        ds.grad(loaded(f"return {text}", "a, b"), engine="python")(A, V)
    assert place in str(caught.value)
    assert caught.value.problem.why
    assert caught.value.problem.fix


@pytest.mark.parametrize("kind", [np.float32, int, bool])
def test_elements_of_other_types_count_as_numpy_counts_them(kind: Any) -> None:
    def program(x: Any, m: Any) -> Any:
        return np.sum(np.linalg.solve(m, x)) + np.linalg.det(m) + np.linalg.norm(m, 1) * x[0]

    m = np.array([[1, 1], [0, 1]]).astype(kind)
    assert np.allclose(ds.grad(program, engine="python")(V, m), np.array([1.0 + 2.0, 0.0]))
    assert ds.value_and_grad(program, engine="python")(V, m)[0] == pytest.approx(program(V, m))


def test_the_gradient_of_single_precision_is_in_single_precision() -> None:
    found = ds.grad(lambda m: np.linalg.slogdet(m)[1], engine="python")(A.astype(np.float32))
    assert found.dtype == np.float32
    assert np.allclose(found, np.linalg.inv(A).T, atol=1e-6)


CLOSED: dict[str, tuple[Callable[..., Any], Callable[..., Any]]] = {
    "det": (lambda m: np.linalg.det(m), lambda m: np.linalg.det(m) * np.linalg.inv(m).T),
    "log det": (lambda m: np.linalg.slogdet(m)[1], lambda m: np.linalg.inv(m).T),
    "trace of the inverse": (
        lambda m: np.einsum("ii", np.linalg.inv(m)),
        lambda m: -(np.linalg.inv(m) @ np.linalg.inv(m)).T,
    ),
}


@pytest.mark.parametrize("name", CLOSED)
def test_gradients_are_the_ones_in_closed_form(name: str) -> None:
    program, closed = CLOSED[name]
    m = np.random.default_rng(3).normal(size=(12, 12))
    assert np.allclose(ds.grad(program, engine="python")(m), closed(m), rtol=1e-9, atol=1e-9)


def test_the_slopes_of_a_singular_determinant_are_its_cofactors() -> None:
    m = np.array([[1.0, 2.0], [2.0, 4.0]])
    found = ds.grad(lambda m: np.linalg.det(m), engine="python")(m)
    assert np.allclose(found, [[4.0, -2.0], [-2.0, 1.0]])


# ---- equal eigenvalues ---------------------------------------------------------------------------------

EQUAL = np.array([[2.0, 0.0, 0.0], [0.0, 2.0, 0.0], [0.0, 0.0, 5.0]])
TURN, _ = np.linalg.qr(np.array([[1.0, 2.0, 0.5], [0.3, 1.0, 2.0], [2.0, 0.1, 1.0]]))
SYMMETRIC: dict[str, tuple[Callable[..., Any], Callable[..., Any]]] = {
    "trace": (lambda a: np.sum(np.linalg.eigvalsh(a)), lambda a: np.eye(3)),
    "sum of squares": (lambda a: np.sum(np.linalg.eigh(a)[0] ** 2), lambda a: 2.0 * a),
    "product": (lambda a: np.prod(np.linalg.eigvalsh(a)), lambda a: np.linalg.det(a) * np.linalg.inv(a)),
    "nuclear norm": (lambda a: np.linalg.norm(a, "nuc"), lambda a: np.eye(3)),
}


@pytest.mark.parametrize("name", SYMMETRIC)
@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize("way", ["forward", "reverse"])
def test_symmetric_functions_of_equal_eigenvalues_have_their_slopes(
    name: str, turned: bool, way: str
) -> None:
    program, closed = SYMMETRIC[name]
    a = TURN @ EQUAL @ TURN.T if turned else EQUAL
    if way == "forward":
        found = ds.jacobian(program, engine="python")(a)
    else:
        found = ds.vjp(program, a, engine="python")[1](1.0)[0]
    found = (found + found.T) / 2.0  # only the lower triangle is read: half of a slope belongs to its mirror
    assert np.allclose(found, closed(a), atol=1e-12)


def vectors_of_equal(a: Any) -> Any:
    w, v = np.linalg.eigh(a)
    return np.sum((v * np.exp(w)) @ v.T * a)


def singular_vectors_of_equal(a: Any) -> Any:
    u, s, vt = np.linalg.svd(a, full_matrices=False)
    return np.sum(u * s * vt**2)


@pytest.mark.parametrize("program", [vectors_of_equal, singular_vectors_of_equal])
@pytest.mark.parametrize("a", [EQUAL, TURN @ EQUAL @ TURN.T, np.eye(3)], ids=["plain", "turned", "unit"])
def test_vectors_of_equal_values_have_no_derivative_and_say_so(program: Callable[..., Any], a: Any) -> None:
    with pytest.raises(ProgramError, match="has no derivative here"):
        ds.grad(program, engine="python")(a)


def test_the_log_of_a_determinant_of_zero_has_no_derivative() -> None:
    with pytest.raises(ProgramError, match="slogdet has no derivative here"):
        ds.grad(lambda a: np.linalg.slogdet(a)[1], engine="python")(np.ones((2, 2)))


def test_factors_of_columns_that_depend_have_no_derivative() -> None:
    with pytest.raises(ProgramError, match="has no derivative here"):
        ds.grad(lambda a: np.sum(np.linalg.qr(a)[0]), engine="python")(np.zeros((2, 2)))


def test_a_pseudo_inverse_below_full_rank_follows_the_rank() -> None:
    def program(t: float) -> Any:
        column = np.array([[1.0], [t]])
        return np.linalg.pinv(column @ np.array([[2.0, t]]))[0, 1]  # rank one for every t

    t = 0.7
    slope = ds.grad(program, engine="python")(t)
    assert slope == pytest.approx((program(t + 1e-6) - program(t - 1e-6)) / 2e-6, rel=1e-7)
