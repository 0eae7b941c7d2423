"""Sobol indices against the closed form of Ishigami's function."""

import math

import numpy as np
import pytest

import downslope as ds
from downslope.errors import UsageError

A = 7.0


def ishigami(x, y, z, b=0.1):
    return math.sin(x) + A * math.sin(y) ** 2 + b * z**4 * math.sin(x)


def test_the_closed_form_of_ishigami():
    found = {s.name: s for s in ds.sobol(ishigami, dict.fromkeys("xyz", (-math.pi, math.pi)), points=8192)}
    b, pi4 = 0.1, math.pi**4
    x, y, xz = (1 + b * pi4 / 5) ** 2 / 2, A**2 / 8, b**2 * pi4**2 * (1 / 18 - 1 / 50)
    first, total = np.array([x, y, 0.0]), np.array([x + xz, y, xz])
    np.testing.assert_allclose([found[n].first for n in "xyz"], first / (x + y + xz), atol=0.01)
    np.testing.assert_allclose([found[n].total for n in "xyz"], total / (x + y + xz), atol=0.01)
    with pytest.raises(AssertionError):
        np.testing.assert_allclose([found[n].total for n in "xyz"], first / (x + y + xz), atol=0.01)


def test_constants_vary_too():
    bounds = {"x": (0.0, 1.0), "y": (0.0, 1.0), "z": (0.0, 1.0), "A": (6.9, 7.1)}
    assert ds.sobol(ishigami, bounds)[0].name == "y"


@pytest.mark.parametrize(
    ("bounds", "points", "match"),
    [({}, 64, "no bounds"), ({"x": (1.0, 1.0)}, 64, "no range"), ({"x": (0.0, 1.0)}, 100, "points is 100"),
     ({"x": (0.0, 1.0)}, 64, "do not fit")],
)  # fmt: skip
def test_what_does_not_fit(bounds, points, match):
    with pytest.raises(UsageError, match=match):
        ds.sobol(ishigami, bounds, points=points)
