"""Sums of products over named indices, interpolation, convolution, polynomials."""

# Programs are written as users write them; a type checker objects to some of that.
# mypy: ignore-errors

import numpy as np

from array_zoo.registry import KINK, matrix, specimen, vector


@specimen(matrix(2, 3), matrix(3, 2), native=False)
def einsum_product(a, b):
    return np.einsum("ij,jk->ik", a, b)


@specimen(matrix(2, 2), vector(2), native=False)
def einsum_forms(a, v):
    return np.array(
        [
            np.einsum("ii", a),
            np.einsum("ij->", a),
            np.einsum("i,ij,j", v, a, v),
            np.einsum("ij,ij", a, a),
            np.sum(np.einsum("ii->i", a) * v),
        ]
    )


@specimen(matrix(2, 2), native=False)
def einsum_transposes(a):
    return np.einsum("ji", a) + np.einsum("ij->ji", a) * a


@specimen(matrix(2, 4).reshape(2, 2, 2), matrix(2, 2))
def einsum_stacks(a, b):
    return np.einsum("...ij,jk->...ik", a, b) + np.einsum("bij,bjk->bik", a, a)


@specimen(matrix(1, 2), matrix(3, 2), native=False)
def einsum_stretches(a, b):
    row = a[0][None]
    return np.einsum("ij,ij->i", row, b) + np.einsum("...j,...j->...", row, b)


@specimen(matrix(2, 4).reshape(2, 2, 2), matrix(2, 2), native=False)
def tensor_products(a, b):
    return np.tensordot(a, b, 1) + np.tensordot(b, a, ([1], [0])) * np.tensordot(a, b)[0]


@specimen(matrix(2, 2), matrix(2, 2), native=False)
def kronecker(a, b):
    return np.kron(a, b) + np.kron(a[0], b[0])[0]


@specimen(vector(3), vector(3, -1.0), matrix(2, 3), native=False)
def cross_products(a, b, m):
    return np.cross(np.cross(a, b), b) + np.cross(m, a)[1]


@specimen(vector(3), vector(3), native=False)
def vdot(a, b):
    return np.vdot(a, b)


@specimen(np.array([-0.5, 0.2, 0.7, 1.9, 3.1, 5.0]), np.array([0.0, 0.5, 1.5, 3.3]), vector(4, 1.0, -0.4))
def interpolated(x, xp, fp):
    return np.interp(x, xp, fp) ** 2


@specimen(0.9, np.array([0.0, 0.5, 1.5]), vector(3), native=False)
def interpolated_number(x, xp, fp):
    return np.interp(x, xp, fp, left=x * x, right=0.0)


@specimen(np.array([-1.0, 4.0]), vector(3), 0.7, native=False)
def interpolated_outside(x, fp, low):
    return np.interp(x, np.array([0.0, 1.0, 2.0]), fp, low, right=2.0 * low)


@specimen(np.array([0.0, 1.0, 2.0]), vector(3), numeric=KINK, native=False)
def interpolated_at_knots(x, fp):
    return np.interp(x, np.array([0.0, 1.0, 2.0]), fp)


@specimen(vector(4), vector(3, -0.5), native=False)
def convolved(a, v):
    return np.convolve(a, v)


@specimen(vector(3), vector(4, -0.5), native=False)
def convolved_same(a, v):
    return np.convolve(a, v, "same") + np.convolve(v, a, mode="same")


@specimen(vector(5), vector(2, -0.5), native=False)
def convolved_valid(a, v):
    return np.convolve(a, v, mode="valid") * np.convolve(v, a, "valid")


@specimen(vector(4), vector(3, -0.5), native=False)
def correlated(a, v):
    return np.correlate(a, v, "full")


@specimen(vector(4), np.array([0.0, 0.3, 1.0, 1.2]), 0.4, native=False)
def integrals_of_points(y, x, dx):
    return np.trapezoid(y, x) * np.trapezoid(y * y) + np.trapezoid(y, dx=dx)


@specimen(matrix(3, 2), np.array([0.0, 0.3, 1.0]), native=False)
def integrals_along_an_axis(y, x):
    return np.trapezoid(y, x, axis=0) + np.trapezoid(y, axis=-1)[0]


@specimen(vector(4), vector(3), native=False)
def polynomials(p, x):
    return np.polyval(p, x) * np.polyval(p, x[1])


@specimen(vector(3), native=False)
def vandermonde(x):
    return np.vander(x) + np.vander(x, 3, increasing=True)
