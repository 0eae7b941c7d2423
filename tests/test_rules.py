"""Every row of the table against numeric differences of its own primal."""

from dataclasses import replace

import pytest

from downslope.calculus import close
from downslope.modes.dual import _primal, apply
from downslope.modes.numeric import ridders
from downslope.rules import RULES
from downslope.rules.kinds import interpret

CASES = [
    (row, position)
    for row in RULES.values()
    if not row.flat
    for position, partial in enumerate(row.partials)
    if partial != "0" and not (row.name == "zeta" and position == 0)
]
IDS = [f"{row.name}-{row.args[position]}" for row, position in CASES]


def compare(row, position, rng):
    for _ in range(3):
        point = [float(rng.uniform(*region)) for region in row.sample]
        if row.name == "zeta":
            point[0] = 3.0
        if row.name == "where":
            point[0] = 1.0 if position == 1 else 0.0

        def along(x, point=point):
            return _primal(row.name)(*point[:position], x, *point[position + 1 :])

        names = dict(zip(row.args, point, strict=True)) | {"y": _primal(row.name)(*point)}
        found = float(interpret(row.partials[position], names, apply, lambda x: x))
        expected = ridders(along, point[position]).value
        assert close(found, expected, 1e-7), f"{row.name} at {point}: {found} != {expected}"


@pytest.mark.parametrize(("row", "position"), CASES, ids=IDS)
def test_partials_agree_with_differences(row, position, rng):
    compare(row, position, rng)


@pytest.mark.parametrize(("row", "position"), CASES, ids=IDS)
def test_the_check_can_fail(row, position, rng):
    partials = list(row.partials)
    partials[position] = f"0.5 + 2 * ({partials[position]})"
    with pytest.raises(AssertionError):
        compare(replace(row, partials=tuple(partials)), position, rng)
