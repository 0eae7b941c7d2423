"""Log-sum-exp of a vector."""

from typing import Any

import numpy as np

TITLE = "log-sum-exp"
WRT = ("x",)
SIZES = {"n=1000000": {"n": 1_000_000}}
SMALL = {"n": 9}
MISSING = {"CasADi": "its graph has one node per number"}


def data(n: int) -> tuple[Any, ...]:
    return (np.random.default_rng(5).normal(size=n),)


def primal(x):
    top = np.max(x)
    return top + np.log(np.sum(np.exp(x - top)))


def _in_arrays(xp: Any, x: Any) -> Any:
    top = xp.max(x)
    return top + xp.log(xp.sum(xp.exp(x - top)))


def jax(xp: Any) -> Any:
    from jax.scipy.special import logsumexp

    del xp
    return logsumexp


def torch(xp: Any) -> Any:
    return lambda x: xp.logsumexp(x, 0)


def autograd(xp: Any) -> Any:
    return lambda x: _in_arrays(xp, x)
