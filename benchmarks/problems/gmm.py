"""Gaussian mixture: the log-likelihood with a Wishart prior (ADBench; Šrajer, Kukelova, Fitzgibbon 2018).

`icf` has the logarithms of the diagonals of the inverse covariance factors, then their strictly lower triangles,
column by column.
"""

import math
from typing import Any

import numpy as np

TITLE = "Gaussian mixture"
WRT = ("alphas", "means", "icf")
SIZES = {
    "d=10 k=25 n=1000": {"d": 10, "k": 25, "n": 1000},
    "d=20 k=50 n=1000": {"d": 20, "k": 50, "n": 1000},
}
LARGE = {"d=2 k=200 n=10000": {"d": 2, "k": 200, "n": 10_000}}
SMALL = {"d": 3, "k": 4, "n": 7}
MISSING = {"CasADi": "its graph has one node per number"}
GAMMA, M = 1.0, 0.0


def data(d: int, k: int, n: int) -> tuple[Any, ...]:
    rng = np.random.default_rng(31)
    icf = rng.normal(0.0, 0.5, (k, d + d * (d - 1) // 2))
    return rng.normal(size=k), rng.uniform(0.0, 1.0, (k, d)), icf, rng.normal(size=(n, d)), GAMMA, M


def logsumexp(a):
    top = a[0]
    for i in range(1, len(a)):
        top = max(top, a[i])
    total = 0.0
    for i in range(len(a)):
        total += math.exp(a[i] - top)
    return top + math.log(total)


def log_gamma_distrib(a, p):
    total = 0.25 * p * (p - 1) * math.log(math.pi)
    for j in range(1, p + 1):
        total += math.lgamma(a + 0.5 * (1 - j))
    return total


def log_wishart_prior(p, k, gamma, m, sums, qdiags, icf):
    n = p + m + 1
    c = n * p * (math.log(gamma) - 0.5 * math.log(2.0)) - log_gamma_distrib(0.5 * n, p)
    total = 0.0
    for ik in range(k):
        frobenius = 0.0
        for i in range(p):
            frobenius += qdiags[ik, i] * qdiags[ik, i]
        for i in range(p, icf.shape[1]):
            frobenius += icf[ik, i] * icf[ik, i]
        total += 0.5 * gamma * gamma * frobenius - m * sums[ik]
    return total - k * c


def primal(alphas, means, icf, x, gamma, m):
    n, d = x.shape
    k = len(alphas)
    qdiags = np.empty((k, d))
    sums = np.zeros(k)
    for ik in range(k):
        for i in range(d):
            qdiags[ik, i] = math.exp(icf[ik, i])
            sums[ik] += icf[ik, i]
    terms = np.empty(k)
    centred = np.empty(d)
    qx = np.empty(d)
    total = 0.0
    for ix in range(n):
        for ik in range(k):
            for i in range(d):
                centred[i] = x[ix, i] - means[ik, i]
            for i in range(d):
                qx[i] = qdiags[ik, i] * centred[i]
            at = d
            for i in range(d):
                for j in range(i + 1, d):
                    qx[j] += icf[ik, at] * centred[i]
                    at += 1
            square = 0.0
            for i in range(d):
                square += qx[i] * qx[i]
            terms[ik] = alphas[ik] + sums[ik] - 0.5 * square
        total += logsumexp(terms)
    constant = -n * d * 0.5 * math.log(2.0 * math.pi)
    prior = log_wishart_prior(d, k, gamma, m, sums, qdiags, icf)
    return constant + total - n * logsumexp(alphas) + prior


def _prior_constant(k: int, d: int, gamma: float, m: float) -> float:
    n = d + m + 1
    return k * (n * d * (math.log(gamma) - 0.5 * math.log(2.0)) - log_gamma_distrib(0.5 * n, d))


def _in_arrays(xp: Any, logsumexp: Any, lower: Any, args: tuple[Any, ...]) -> Any:
    """The objective in array operations, for a library with NumPy's names; `lower` makes (k, d, d) of triangles."""
    alphas, means, icf, x, gamma, m = args
    (n, d), k = x.shape, alphas.shape[0]
    qdiags, sums = xp.exp(icf[:, :d]), xp.sum(icf[:, :d], 1)
    centred = x[:, None, :] - means[None, :, :]
    qx = qdiags * centred + xp.einsum("kij,nkj->nki", lower(icf[:, d:], d), centred)
    inner = alphas + sums - 0.5 * xp.sum(qx * qx, 2)
    frobenius = xp.sum(qdiags**2) + xp.sum(icf[:, d:] ** 2)
    prior = 0.5 * gamma**2 * frobenius - m * xp.sum(sums) - _prior_constant(k, d, gamma, m)
    constant = -n * d * 0.5 * math.log(2.0 * math.pi)
    return constant + xp.sum(logsumexp(inner, 1)) - n * logsumexp(alphas, 0) + prior


def places(d: int) -> tuple[Any, Any]:
    """Row and column of each number of a strictly lower triangle, column by column."""
    columns, rows = np.triu_indices(d, 1)
    return rows, columns


def jax(xp: Any) -> Any:
    from jax.scipy.special import logsumexp

    def lower(flat: Any, d: int) -> Any:
        return xp.zeros((flat.shape[0], d, d)).at[:, *places(d)].set(flat)

    return lambda *args: _in_arrays(xp, logsumexp, lower, args)


def torch(xp: Any) -> Any:
    def lower(flat: Any, d: int) -> Any:
        rows, columns = places(d)
        matrix = xp.zeros((flat.shape[0], d, d), dtype=flat.dtype)
        matrix[:, rows, columns] = flat
        return matrix

    return lambda *args: _in_arrays(xp, xp.logsumexp, lower, args)


def autograd(xp: Any) -> Any:
    from autograd.scipy.special import logsumexp

    def lower(flat: Any, d: int) -> Any:
        spread = np.zeros((flat.shape[1], d * d))
        rows, columns = places(d)
        spread[np.arange(flat.shape[1]), rows * d + columns] = 1.0
        return xp.reshape(xp.dot(flat, spread), (flat.shape[0], d, d))

    return lambda *args: _in_arrays(xp, logsumexp, lower, args)
