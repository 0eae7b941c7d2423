"""Linear systems, determinants, factors and norms."""

# Programs are written as users write them; a type checker objects to some of that.
# mypy: ignore-errors

import math

import numpy as np

from array_zoo.registry import KINK, matrix, specimen, vector


def regular(size, shift=2.0):
    """A matrix that is far from singular, and not symmetric."""
    return matrix(size, size) + shift * np.eye(size)[::-1]


def definite(size):
    """A symmetric matrix with positive eigenvalues that differ."""
    half = regular(size, 0.7)
    return half @ half.T + np.diag(np.arange(1.0, size + 1))


SINGULAR = np.array([[1.0, 2.0, 3.0], [2.0, 4.0, 6.0], [1.0, 0.5, -1.0]])


@specimen(regular(3), vector(3), native=False)
def solved(a, b):
    return np.linalg.solve(a, b)


@specimen(regular(3), matrix(3, 2), native=False)
def solved_columns(a, b):
    x = np.linalg.solve(a, b)
    return np.sum(x * x, axis=0)


@specimen(regular(2), vector(2), native=False)
def solved_twice(a, b):
    return np.linalg.solve(a.T, np.linalg.solve(a, b))


@specimen(np.array([[0.0, 2.0], [3.0, 0.0]]), vector(2), native=False)
def solved_with_pivots(a, b):
    return np.linalg.solve(a, b)


@specimen(np.array([[2.5]]), vector(1), native=False)
def solved_one(a, b):
    return np.linalg.solve(a, b)


@specimen(np.stack([regular(2), regular(2, -1.5)]), matrix(2, 2), native=False)
def solved_stack(a, b):
    return np.linalg.solve(a, b[:, :, None])[:, :, 0]


@specimen(regular(3), native=False)
def inverse(a):
    return np.linalg.inv(a)


@specimen(np.stack([regular(2), regular(2, -1.5)]), native=False)
def inverses(a):
    return np.sum(np.linalg.inv(a) ** 2, axis=0)


@specimen(vector(2), native=False)
def inverse_in_a_loop(v):
    total = 0.0
    for i in range(2):
        m = np.array([[v[i], 1.0], [0.5, v[1 - i] + 2.0]])
        total += np.sum(np.linalg.inv(m) * v)
    return total


@specimen(regular(3), native=False)
def determinant(a):
    return np.linalg.det(a)


@specimen(SINGULAR, native=False)
def determinant_of_a_singular_matrix(a):
    return np.linalg.det(a)


@specimen(np.outer([1.0, 2.0, 3.0], [1.0, -1.0, 0.5]), native=False)
def determinant_of_rank_one(a):
    return np.linalg.det(a)


@specimen(np.zeros((2, 2)), native=False)
def determinant_of_zeros(a):
    return np.linalg.det(a)


@specimen(np.zeros((3, 3)), native=False)
def determinant_of_more_zeros(a):
    return np.linalg.det(a)


@specimen(np.stack([regular(2), np.ones((2, 2))]))
def determinants(a):
    return np.linalg.det(a)


@specimen(regular(3), native=False)
def log_determinant(a):
    sign, value = np.linalg.slogdet(a)
    return sign * value


@specimen(np.stack([regular(2), regular(2, -1.5)]), native=False)
def log_determinants(a):
    signs, values = np.linalg.slogdet(a)
    return signs + values * values


@specimen(definite(3), native=False)
def cholesky_factor(a):
    return np.linalg.cholesky(a)


@specimen(np.stack([definite(2), 2.0 * definite(2)]), native=False)
def cholesky_factors(a):
    return np.linalg.cholesky(a)


@specimen(vector(3), definite(3), native=False)
def gaussian_log_density(x, a):
    lower = np.linalg.cholesky(a)
    z = np.linalg.solve(lower, x)
    return -0.5 * z @ z - np.sum(np.log(np.einsum("ii->i", lower))) - 1.5 * math.log(2.0 * math.pi)


@specimen(regular(2), native=False)
def matrix_powers(a):
    return np.linalg.matrix_power(a, 3) + np.linalg.matrix_power(a, -2) + np.linalg.matrix_power(a, 0)


@specimen(vector(4), native=False)
def vector_norms(v):
    w = v - 0.9
    return np.array(
        [
            np.linalg.norm(w),
            np.linalg.norm(w, 1),
            np.linalg.norm(w, 3),
            np.linalg.norm(w, 0.5),
            np.linalg.norm(w, np.inf),
            np.linalg.norm(w, -np.inf),
            np.linalg.norm(w, 0),
        ]
    )


@specimen(matrix(2, 3, -0.4), native=False)
def matrix_norms(a):
    return np.array(
        [
            np.linalg.norm(a),
            np.linalg.norm(a, "fro"),
            np.linalg.norm(a, 1),
            np.linalg.norm(a, -1),
            np.linalg.norm(a, np.inf),
            np.linalg.norm(a, -np.inf),
        ]
    )


@specimen(matrix(2, 3, -0.4))
def norms_along_axes(a):
    b = a / np.linalg.norm(a, axis=1, keepdims=True)
    return np.linalg.norm(b, 1, axis=0) + np.linalg.norm(a, axis=(0, 1))


@specimen(np.zeros(3), numeric=KINK, native=False)
def norm_at_zero(v):
    return np.linalg.norm(v)


@specimen(np.array([0.0, 0.0, 2.0]), numeric=KINK, native=False)
def absolute_sum_at_zeros(v):
    return np.linalg.norm(v, 1)


@specimen(vector(2), native=False)
def system_that_is_whole(v):
    return np.linalg.solve(np.array([[2, 1], [1, 3]]), v) + np.linalg.det(np.array([[2, 1], [1, 3]]))


@specimen(vector(2), np.zeros((0, 0)), wrt=(0,), native=False)
def without_elements(v, empty):
    return v * np.linalg.det(empty) + np.sum(np.linalg.inv(empty)) + np.linalg.norm(empty)


# ---- factors ---------------------------------------------------------------------------------------


@specimen(definite(2), native=False)
def eigenvalues(a):
    return np.linalg.eigvalsh(a)


@specimen(matrix(3, 3) + np.diag([0.0, 1.0, 3.0]))
def eigenvalues_and_vectors(a):
    w, v = np.linalg.eigh(a)
    return w * np.sum(v**3, axis=0)


@specimen(definite(2), native=False)
def matrix_exponential(a):
    w, v = np.linalg.eigh(a)
    return (v * np.exp(w)) @ v.T


@specimen(np.stack([definite(2), np.diag([3.0, 1.0])]), native=False)
def stacks_of_eigenvectors(a):
    w, v = np.linalg.eigh(a)
    return np.einsum("bij,bj,bkj->bik", v, 1.0 / w, v)


@specimen(np.array([[2.0]]), native=False)
def one_eigenvalue(a):
    w, v = np.linalg.eigh(a)
    return w * v[0]


@specimen(regular(3), native=False)
def orthogonal_factor(a):
    q, r = np.linalg.qr(a)
    return q * np.sin(r)


@specimen(matrix(3, 2, -0.7) + np.eye(3)[:, :2], native=False)
def orthogonal_factor_of_a_tall_matrix(a):
    q, r = np.linalg.qr(a)
    return np.sum(q**3) * r


@specimen(matrix(2, 3, -0.7) + np.eye(2, 3))
def orthogonal_factor_of_a_wide_matrix(a):
    q, r = np.linalg.qr(a)
    return np.sum(q**3) * r + np.linalg.qr(a, "r")


@specimen(regular(2), native=False)
def singular_vectors(a):
    u, s, vt = np.linalg.svd(a, full_matrices=False)
    return (u**3) @ np.diag(s) @ vt**3


@specimen(matrix(3, 2, -0.7) + np.eye(3)[:, :2], native=False)
def singular_vectors_of_a_tall_matrix(a):
    u, s, vt = np.linalg.svd(a, full_matrices=False)
    return (u**3) @ np.diag(s * s) @ vt


@specimen(matrix(2, 3, -0.7) + np.eye(2, 3), native=False)
def singular_vectors_of_a_wide_matrix(a):
    u, s, vt = np.linalg.svd(a, False)
    return u @ np.diag(s * s) @ vt**3


@specimen(np.stack([regular(2), matrix(2, 2, -0.5)]), native=False)
def singular_values(a):
    return np.linalg.svd(a, compute_uv=False) + np.linalg.svdvals(a[0]) ** 2


@specimen(matrix(2, 2, -0.4), native=False)
def norms_by_singular_values(a):
    return np.linalg.norm(a, 2) * np.linalg.norm(a, -2) + np.linalg.norm(a, "nuc") + np.linalg.cond(a)


@specimen(matrix(3, 2, -0.7) + np.eye(3)[:, :2], native=False)
def pseudo_inverse(a):
    return np.linalg.pinv(a)


@specimen(matrix(2, 3, -0.7) + np.eye(2, 3), native=False)
def pseudo_inverse_of_a_wide_matrix(a):
    return np.linalg.pinv(a)


@specimen(matrix(3, 2, -0.7) + np.eye(3)[:, :2], vector(3), native=False)
def least_squares(a, b):
    x, rest, rank, s = np.linalg.lstsq(a, b)
    return x * s + np.sum(rest) * rank


@specimen(matrix(2, 3, -0.7) + np.eye(2, 3), matrix(2, 2), native=False)
def shortest_solution(a, b):
    x, rest, rank, s = np.linalg.lstsq(a, b, rcond=None)
    return np.sum(x * x, axis=0) + np.sum(rest) + rank + s[0]
