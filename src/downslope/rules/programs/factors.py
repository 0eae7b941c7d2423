"""Derivatives of matrix factors, as programs.

Sources: Giles 2008, "Collected matrix derivative results for forward and reverse mode algorithmic
differentiation" (eigenvalues, singular values); Murray 2016, "Differentiation of the Cholesky
decomposition"; Walter & Lehmann 2013, "Algorithmic differentiation of linear algebra functions" (QR);
Golub & Pereyra 1973, "The differentiation of pseudo-inverses and nonlinear least squares problems"
(pseudo-inverse and least squares, at constant rank).
"""

# ruff: noqa: ARG001, D103  # every derivative program takes all arguments, results and derivatives

from typing import Any, TypeAlias

import numpy as np

Array: TypeAlias = Any
Number: TypeAlias = Any


# ---- symmetric matrices: only the lower triangle is read, as NumPy and LAPACK do --------------------------


def mirrored(m: Array) -> Array:
    """The symmetric matrix with this lower triangle."""
    return np.tril(m) + np.tril(m, -1).T


def folded(m: Array) -> Array:
    """The transpose of `mirrored`."""
    return np.tril(m + m.T) - np.diag(np.diagonal(m))


def halved(m: Array) -> Array:
    """The lower triangle, with half of the diagonal."""
    return np.tril(m) - 0.5 * np.diag(np.diagonal(m))


def cholesky_jvp(a: Array, lower: Array, a_dot: Array) -> Array:
    inner = np.linalg.solve(lower, np.linalg.solve(lower, mirrored(a_dot)).T)
    return lower @ halved(inner)


def cholesky_vjp(a: Array, lower: Array, lower_bar: Array) -> Array:
    inner = halved(lower.T @ np.tril(lower_bar))
    return folded(np.linalg.solve(lower.T, np.linalg.solve(lower.T, inner.T).T))


def over_gaps(m: Array, w: Array, used: Array) -> Array:
    """`m[i, j] / (w[j] - w[i])`, and 0 on the diagonal.

    NaN where two numbers are equal up to rounding: their vectors can be turned within their plane, so they have
    no derivative. Where neither of the two vectors is `used`, 0.
    """
    n = len(w)
    out = np.zeros((n, n))
    largest = 0.0
    for i in range(n):
        largest = max(largest, abs(w[i]))
    for i in range(n):
        for j in range(n):
            if i != j and (used[i] or used[j]):
                if abs(w[j] - w[i]) <= 1.8e-15 * n * largest:
                    out[i, j] = np.nan * (m[i, j] + 1.0)
                else:
                    out[i, j] = m[i, j] / (w[j] - w[i])
    return out


def columns_used(m: Array) -> Array:
    """Which columns have an element that is not 0."""
    used = np.zeros(m.shape[1], dtype=bool)
    for j in range(m.shape[1]):
        for i in range(m.shape[0]):
            if m[i, j] != 0.0:
                used[j] = True
    return used


def any_of(used: Array) -> bool:
    found = False
    for j in range(len(used)):
        found = found or used[j]
    return found


def eigh_jvp(a: Array, w: Array, v: Array, a_dot: Array) -> tuple[Array, Array]:
    inner = v.T @ mirrored(a_dot) @ v
    return np.diagonal(inner).copy(), v @ over_gaps(inner, w, np.ones(len(w), dtype=bool))


def eigh_vjp(a: Array, w: Array, v: Array, w_bar: Array, v_bar: Array) -> Array:
    turned = over_gaps(v.T @ v_bar, w, columns_used(v_bar))
    return folded(v @ (turned + np.diag(w_bar)) @ v.T)


def eigvalsh_jvp(a: Array, w: Array, a_dot: Array) -> Array:
    _, v = np.linalg.eigh(a)
    return np.diagonal(v.T @ mirrored(a_dot) @ v).copy()


def eigvalsh_vjp(a: Array, w: Array, w_bar: Array) -> Array:
    _, v = np.linalg.eigh(a)
    return folded((v * w_bar) @ v.T)


# ---- QR -----------------------------------------------------------------------------------------------


def qr_jvp(a: Array, q: Array, r: Array, a_dot: Array) -> tuple[Array, Array]:
    """Of a matrix that is no wider than tall; of a wide one, the factors of its first columns give the rest."""
    k = q.shape[1]
    r_1 = r[:, :k]
    part = np.linalg.solve(r_1.T, a_dot[:, :k].T).T
    inner = q.T @ part
    turn = np.tril(inner, -1)
    turn = turn - turn.T
    q_dot = part - q @ (inner - turn)
    return q_dot, np.triu(q.T @ (a_dot - q_dot @ r))


def qr_vjp(a: Array, q: Array, r: Array, q_bar: Array, r_bar: Array) -> Array:
    k = q.shape[1]
    r_1 = r[:, :k]
    q_all = q_bar + a[:, k:] @ r_bar[:, k:].T
    inner = r_1 @ np.triu(r_bar[:, :k]).T - q_all.T @ q
    mirrored_inner = np.tril(inner) + np.tril(inner, -1).T
    out = np.empty(a.shape)
    out[:, :k] = np.linalg.solve(r_1, (q_all + q @ mirrored_inner).T).T
    out[:, k:] = q @ r_bar[:, k:]
    return out


# ---- singular values ------------------------------------------------------------------------------------


def svd_jvp(a: Array, u: Array, s: Array, vt: Array, a_dot: Array) -> tuple[Array, Array, Array]:
    inner = u.T @ a_dot @ vt.T
    every = np.ones(len(s), dtype=bool)
    u_dot = u @ over_gaps(inner * s + (inner * s).T, s * s, every)
    vt_dot = over_gaps((inner.T * s).T + inner.T * s, s * s, every).T @ vt
    if u.shape[0] > len(s):
        u_dot = u_dot + (a_dot @ vt.T - u @ inner) / s
    if vt.shape[1] > len(s):
        vt_dot = vt_dot + ((a_dot.T @ u - vt.T @ inner.T) / s).T
    return u_dot, np.diagonal(inner).copy(), vt_dot


def svd_vjp(a: Array, u: Array, s: Array, vt: Array, u_bar: Array, s_bar: Array, vt_bar: Array) -> Array:
    left, right = u.T @ u_bar, vt @ vt_bar.T
    of_u, of_v = columns_used(u_bar), columns_used(vt_bar.T)
    middle = over_gaps(left - left.T, s * s, of_u) * s
    middle = middle + s[:, None] * over_gaps(right - right.T, s * s, of_v)
    out = u @ (middle + np.diag(s_bar)) @ vt
    if u.shape[0] > len(s) and any_of(of_u):
        out = out + ((u_bar - u @ left) / s) @ vt
    if vt.shape[1] > len(s) and any_of(of_v):
        out = out + (u / s) @ (vt_bar - right.T @ vt)
    return out


def svdvals_jvp(a: Array, s: Array, a_dot: Array) -> Array:
    u, _, vt = np.linalg.svd(a, full_matrices=False)
    return np.diagonal(u.T @ a_dot @ vt.T).copy()


def svdvals_vjp(a: Array, s: Array, s_bar: Array) -> Array:
    u, _, vt = np.linalg.svd(a, full_matrices=False)
    return (u * s_bar) @ vt


# ---- pseudo-inverse and least squares --------------------------------------------------------------------


def pinv_jvp(a: Array, cut: Number, x: Array, a_dot: Array, cut_dot: Number) -> Array:
    inner = x @ a_dot @ x
    left = (x @ x.T) @ (a_dot.T - (a_dot.T @ a) @ x)
    right = (a_dot.T - x @ (a @ a_dot.T)) @ (x.T @ x)
    return left + right - inner


def pinv_vjp(a: Array, cut: Number, x: Array, x_bar: Array) -> tuple[Array, Number]:
    left = (x_bar.T - a @ (x @ x_bar.T)) @ (x @ x.T)
    right = (x.T @ x) @ (x_bar.T - (x_bar.T @ x) @ a)
    return left + right - x.T @ x_bar @ x.T, 0.0


def lstsq_jvp(
    a: Array, b: Array, cut: Number, x: Array, rank: int, a_dot: Array, b_dot: Array, cut_dot: Number
) -> Array:
    inverse = np.linalg.pinv(a, cut)
    left = inverse @ (b_dot - a_dot @ x + inverse.T @ (a_dot.T @ (b - a @ x)))
    moved = a_dot.T @ (inverse.T @ x)
    return left + moved - inverse @ (a @ moved)


def lstsq_vjp(
    a: Array, b: Array, cut: Number, x: Array, rank: int, x_bar: Array
) -> tuple[Array, Array, Number]:
    inverse = np.linalg.pinv(a, cut)
    b_bar = inverse.T @ x_bar
    rest = x_bar - a.T @ (inverse.T @ x_bar)
    a_bar = (b - a @ x) @ (inverse @ b_bar).T + (inverse.T @ x) @ rest.T - b_bar @ x.T
    return a_bar, b_bar, 0.0


def residuals(a: Array, b: Array, x: Array, rank: int) -> Array:
    """What NumPy returns with a least-squares solution: squared lengths, if the matrix is tall and of full rank."""
    count = b.shape[1] if rank == a.shape[1] and a.shape[0] > a.shape[1] else 0
    out = np.zeros(count)
    for c in range(count):
        for i in range(a.shape[0]):
            rest = b[i, c]
            for k in range(a.shape[1]):
                rest -= a[i, k] * x[k, c]
            out[c] += rest * rest
    return out
