"""Programs and tables fitted together: shared constants, the noise of each table, and what is refused."""

from typing import Any

import numpy as np
import pytest

import downslope as ds
from downslope.errors import UsageError

RNG = np.random.default_rng(3)
T = np.linspace(0.0, 5.0, 60)
RATE = 0.7
FALL = {"t": T, "level": 4.0 * np.exp(-RATE * T) + 0.01 * RNG.normal(size=60)}
RISE = {"t": T[:20], "weight": 900.0 * (1.0 - np.exp(-RATE * T[:20])) + 20.0 * RNG.normal(size=20)}


def falling(t, top=1.0, rate=0.5):
    return top * np.exp(-rate * t)


def rising(t, full=500.0, rate=0.5):
    return full * (1.0 - np.exp(-rate * t))


PARTS = [ds.Part(falling, FALL, "level", ["top", "rate"]), ds.Part(rising, RISE, "weight", ["full", "rate"])]


def test_shared_constants_have_one_value_and_one_covariance() -> None:
    done = ds.fit_together(PARTS)
    assert done.solution.names == ("top", "rate", "full")
    assert done.solution.converged
    np.testing.assert_allclose(done.solution.values, [4.0, 0.7, 900.0], rtol=0.05)
    assert done.noises == pytest.approx((0.01, 20.0), rel=0.3)
    rate = done["rate"]
    slopes = np.zeros((80, 3))
    slopes[:60, 0], slopes[:60, 1] = np.exp(-rate * T), -done["top"] * T * np.exp(-rate * T)
    slopes[60:, 1], slopes[60:, 2] = (
        done["full"] * T[:20] * np.exp(-rate * T[:20]),
        1.0 - np.exp(-rate * T[:20]),
    )
    left = np.concatenate([done.fits[0].residuals, done.fits[1].residuals])
    size = np.repeat(done.noises, [60, 20])
    scaled = slopes / size[:, None]
    np.testing.assert_allclose(scaled.T @ (left / size) / np.linalg.norm(scaled, axis=0), 0.0, atol=1e-4)
    np.testing.assert_allclose(done.solution.covariance, np.linalg.inv(scaled.T @ scaled), rtol=1e-3)


def test_the_sharper_table_decides() -> None:
    alone = ds.fit(falling, FALL, "level")
    both = ds.fit_together(PARTS)
    same = ds.fit_together(PARTS, noise="same")
    assert abs(both["rate"] - alone["rate"]) < 2.0 * alone.errors["rate"]
    assert (
        abs(same["rate"] - alone["rate"]) > 2.0 * alone.errors["rate"]
    )  # the coarse units drown the fine ones


def test_each_part_is_a_fit_of_its_own() -> None:
    done = ds.fit_together(PARTS)
    first, second = done.fits
    assert first.values == {"top": done["top"], "rate": done["rate"]}
    np.testing.assert_allclose(second.predict({"t": [1.0]}), done["full"] * (1.0 - np.exp(-done["rate"])))
    assert "+def falling(t, top=3.997, rate=0.6993):" in ds.diff(first)


def test_one_part_is_a_plain_fit() -> None:
    one = ds.fit_together(PARTS[:1])
    plain = ds.fit(falling, FALL, "level")
    np.testing.assert_allclose(one.solution.values, plain.solution.values, rtol=1e-8)
    np.testing.assert_allclose(one.solution.errors, plain.solution.errors, rtol=1e-6)


def test_names_can_be_given_apart_and_together() -> None:
    apart = ds.fit_together(
        [PARTS[0], ds.Part(rising, RISE, "weight", ["full", "rate"], names={"rate": "other"})]
    )
    assert apart.solution.names == ("top", "rate", "full", "other")
    assert apart["other"] == pytest.approx(ds.fit(rising, RISE, "weight")["rate"], rel=1e-6)


def test_bounds_hold_for_the_shared_one() -> None:
    done = ds.fit_together(PARTS, bounds={"rate": (0.4, 0.6)})
    assert done["rate"] == 0.6


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (([],), "nothing to fit together"),
        ((PARTS, "no"), "noise is 'no'"),
        (([ds.Part(falling, FALL, "level", names={"z": "y"})],), "does not learn 'z'"),
    ],
)
def test_what_does_not_fit_is_refused(arguments: Any, said: str) -> None:
    parts, *noise = arguments
    with pytest.raises(UsageError, match=said):
        ds.fit_together(parts, **({"noise": noise[0]} if noise else {}))
    with pytest.raises(UsageError, match="with the loss absolute"):
        ds.fit_together(PARTS, loss="absolute", noise="same")
    with pytest.raises(UsageError, match="the noise of each table"):
        ds.fit_together(PARTS, loss="huber")
