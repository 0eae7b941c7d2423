"""Derivatives of matrix factors, as programs."""

# ruff: noqa: ARG001  # every derivative program takes all arguments, results and derivatives

from typing import Any, TypeAlias

import numpy as np

Array: TypeAlias = Any


def halved(m: Array) -> Array:
    """The lower triangle, with half of the diagonal."""
    return np.tril(m) - 0.5 * np.diag(np.diagonal(m))


def cholesky_jvp(a: Array, lower: Array, a_dot: Array) -> Array:
    """Of `a`, only the lower triangle counts (Murray 2016, "Differentiation of the Cholesky decomposition")."""
    moved = np.tril(a_dot) + np.tril(a_dot, -1).T
    inner = np.linalg.solve(lower, np.linalg.solve(lower, moved).T)
    return lower @ halved(inner)


def cholesky_vjp(a: Array, lower: Array, lower_bar: Array) -> Array:
    """Its transpose."""
    inner = halved(lower.T @ np.tril(lower_bar))
    s = np.linalg.solve(lower.T, np.linalg.solve(lower.T, inner.T).T)
    return np.tril(s + s.T) - np.diag(np.diagonal(s))
