"""The gradient of the Gaussian mixture as a Numba user writes it by hand: rows as slices, nothing kept on a tape."""

import math
from typing import Any

import numba
import numpy as np

from benchmarks.problems import gmm

SUMS = {"reassoc", "contract"}
_njit: Any = numba.njit(error_model="numpy", fastmath=SUMS)
_logsumexp = _njit(gmm.logsumexp)
_constant = _njit(gmm.log_gamma_distrib)


@_njit
def _qx(qdiag: Any, lower: Any, centred: Any, out: Any) -> None:
    d = len(qdiag)
    for i in range(d):
        out[i] = qdiag[i] * centred[i]
    at = 0
    for i in range(d):
        c = centred[i]
        for j in range(i + 1, d):
            out[j] += lower[at + j - i - 1] * c
        at += d - 1 - i


@_njit
def gradient(alphas: Any, means: Any, icf: Any, x: Any, gamma: Any, m: Any) -> Any:
    (n, d), k = x.shape, len(alphas)
    qdiags, sums = np.exp(icf[:, :d]).copy(), np.zeros(k)
    lowers = icf[:, d:].copy()
    for ik in range(k):
        sums[ik] = icf[ik, :d].sum()
    alphas_bar, means_bar, icf_bar = np.zeros(k), np.zeros((k, d)), np.zeros(icf.shape)
    terms, centred, every, bar = np.empty(k), np.empty((k, d)), np.empty((k, d)), np.empty(d)
    total = 0.0
    for ix in range(n):
        row = x[ix]
        for ik in range(k):
            c, qx, mean = centred[ik], every[ik], means[ik]
            for i in range(d):
                c[i] = row[i] - mean[i]
            _qx(qdiags[ik], lowers[ik], c, qx)
            square = 0.0
            for i in range(d):
                square += qx[i] * qx[i]
            terms[ik] = alphas[ik] + sums[ik] - 0.5 * square
        value = _logsumexp(terms)
        total += value
        for ik in range(k):
            weight = math.exp(terms[ik] - value)
            alphas_bar[ik] += weight
            c, qx, qdiag, lower = centred[ik], every[ik], qdiags[ik], lowers[ik]
            diag_bar, lower_bar, mean_bar = icf_bar[ik, :d], icf_bar[ik, d:], means_bar[ik]
            for i in range(d):
                bar[i] = -weight * qx[i]
            at = 0
            for i in range(d):
                c_bar = bar[i] * qdiag[i]
                for j in range(i + 1, d):
                    c_bar += bar[j] * lower[at + j - i - 1]
                    lower_bar[at + j - i - 1] += bar[j] * c[i]
                diag_bar[i] += bar[i] * c[i]
                mean_bar[i] -= c_bar
                at += d - 1 - i
    value = _logsumexp(alphas)
    total -= n * value
    p = d + m + 1
    total -= k * (p * d * (math.log(gamma) - 0.5 * math.log(2.0)) - _constant(0.5 * p, d))
    for ik in range(k):
        for i in range(d):
            q = qdiags[ik, i]
            total += 0.5 * gamma * gamma * q * q - m * icf[ik, i]
            icf_bar[ik, i] = icf_bar[ik, i] * q + gamma * gamma * q * q + alphas_bar[ik] - m
        for i in range(d, icf.shape[1]):
            total += 0.5 * gamma * gamma * icf[ik, i] * icf[ik, i]
            icf_bar[ik, i] += gamma * gamma * icf[ik, i]
        alphas_bar[ik] -= n * math.exp(alphas[ik] - value)
    return total - n * d * 0.5 * math.log(2.0 * math.pi), alphas_bar, means_bar, icf_bar
