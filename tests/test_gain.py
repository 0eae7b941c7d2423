"""Predicted gains against real fits."""

import numpy as np
import pytest
from typer.testing import CliRunner

import downslope as ds
from downslope.cli import app
from downslope.errors import UsageError

D = np.linspace(1.0, 8.0, 40)


def bent(d, wait=0.0, slope=2.0, bend=0.1, n=2):
    for _ in range(n):
        wait = wait + 0.0
    return wait + slope * d + bend * d * d


def test_gains_of_a_linear_program_are_those_of_real_fits(rng):
    table = {"d": D, "y": 2.0 + 2.5 * D + 0.05 * D * D + rng.normal(0.0, 0.5, len(D))}
    found = {gain.constant.name: gain for gain in ds.gains(bent, table, "y")}
    assert "n" not in found
    names = ["wait", "slope", "bend"]
    first = ds.fit(bent, table, "y", names).cost_before
    whole = ds.fit(bent, table, "y", list(found)).cost
    for name in names:
        alone = 1.0 - ds.fit(bent, table, "y", [name]).cost / first
        others = ds.fit(bent, table, "y", [other for other in found if other != name]).cost
        assert found[name].alone == pytest.approx(alone, rel=1e-7)
        assert found[name].given == pytest.approx((others - whole) / first, abs=1e-9)
    order = [gain.alone for gain in ds.gains(bent, table, "y")]
    assert order == sorted(order, reverse=True)


def test_a_program_without_constants_is_refused():
    with pytest.raises(UsageError, match="no constant to learn"):
        ds.gains(lambda d: d, {"d": D, "y": D}, "y")


def test_the_command_wants_a_table_and_a_target():
    ended = CliRunner().invoke(app, ["constants", "taxi.py:trip", "trips.csv"])
    assert isinstance(ended.exception, UsageError)
    assert ended.exception.exit_code == 2
