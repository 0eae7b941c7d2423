"""The value of many call options (Black & Scholes 1973), with the slopes by each price, volatility and the rate."""

from typing import Any

import numpy as np
from scipy.special import ndtr

TITLE = "Black-Scholes"
WRT = ("s", "sigma", "rate")
SIZES = {"1000000 rows": {"n": 1_000_000}}
SMALL = {"n": 6}
MISSING = {"CasADi": "its graph has one node per number"}


def data(n: int) -> tuple[Any, ...]:
    rng = np.random.default_rng(43)
    prices, strikes = rng.uniform(80.0, 120.0, n), rng.uniform(80.0, 120.0, n)
    return prices, rng.uniform(0.1, 0.4, n), 0.03, strikes, rng.uniform(0.2, 2.0, n)


def primal(s, sigma, rate, strike, t):
    root = sigma * np.sqrt(t)
    d1 = (np.log(s / strike) + (rate + 0.5 * sigma * sigma) * t) / root
    d2 = d1 - root
    return np.sum(s * ndtr(d1) - strike * np.exp(-rate * t) * ndtr(d2))


def _in_arrays(xp: Any, cdf: Any) -> Any:
    def run(s: Any, sigma: Any, rate: Any, strike: Any, t: Any) -> Any:
        root = sigma * xp.sqrt(t)
        d1 = (xp.log(s / strike) + (rate + 0.5 * sigma * sigma) * t) / root
        return xp.sum(s * cdf(d1) - strike * xp.exp(-rate * t) * cdf(d1 - root))

    return run


def jax(xp: Any) -> Any:
    from jax.scipy.special import ndtr

    return _in_arrays(xp, ndtr)


def torch(xp: Any) -> Any:
    return _in_arrays(xp, xp.special.ndtr)


def autograd(xp: Any) -> Any:
    from autograd.scipy.stats import norm

    return _in_arrays(xp, norm.cdf)
