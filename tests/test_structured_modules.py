"""Numbers in structures that programs take from modules and helpers' defaults: learnt each by itself, and when not."""

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import downslope as ds
import structured_modules as programs
import structured_settings as settings
from downslope.errors import UsageError
from downslope.fitting.pose import pose
from downslope.read.elements import with_values

LEARNT: dict[Callable[..., Any], list[str]] = {
    programs.polynomial: ["COEFFS[0]", "COEFFS[1]", "COEFFS[2]"],
    programs.summed: ["PAIR[0]", "PAIR[1]"],
    programs.with_helper: ["PAIR[0]", "PAIR[1]", "scale"],
    programs.driven: ["CAR.speed", "CAR.wait"],
    programs.elsewhere: ["settings.SPEEDS[day]", "settings.SPEEDS[night]", "GAINS[1]"],
    programs.helped: ["curve.w[0]", "curve.w[1]"],
    programs.inner: ["COEFFS[0]", "COEFFS[1]"],
    programs.chosen: ["PAIR[0]", "PAIR[1]"],
}
each_program = pytest.mark.parametrize("program", LEARNT, ids=[f.__name__ for f in LEARNT])
X = np.linspace(0.5, 4.0, 24)


def table(program: Callable[..., Any]) -> dict[str, Any]:
    return {"x": X, "y": np.array([program(each) for each in X]) + 0.1 * np.sin(9.0 * X)}


def changed_run(monkeypatch: pytest.MonkeyPatch, program: Callable[..., Any], name: str, by: float) -> Any:
    """The program's own results with one number of its module changed, as a user would change it."""
    (constant,) = (c for c in ds.constants(program) if c.name == name)
    with monkeypatch.context() as patch:
        if constant.part is None:
            return [program(x, **{name: constant.value + by}) for x in X]
        whole = with_values(constant.part.whole.value, {constant.part.path: constant.value + by})
        owner: Any = settings if name.startswith("settings.") else programs
        if name.startswith("curve."):
            patch.setattr(programs.curve, "__defaults__", (whole,))
        else:
            patch.setattr(owner, name.removeprefix("settings.").partition("[")[0].partition(".")[0], whole)
        return [program(x) for x in X]


@each_program
def test_each_number_is_proposed(program: Callable[..., Any]) -> None:
    assert sorted(c.name for c in ds.constants(program) if c.proposed) == sorted(LEARNT[program])


def disagreement(monkeypatch: pytest.MonkeyPatch, program: Callable[..., Any], sign: float) -> float:
    problem = pose(program, table(program), "y", LEARNT[program]).problem
    _, slopes = problem.jacobian(problem.start)
    h, worst = 1e-6, 0.0
    for column, name in enumerate(LEARNT[program]):
        up, down = (np.array(changed_run(monkeypatch, program, name, by)) for by in (h, -h))
        worst = max(worst, float(np.max(np.abs(sign * slopes[:, column] - (up - down) / (2 * h)))))
    return worst


@each_program
def test_derivatives_agree_with_differences_of_the_module(
    monkeypatch: pytest.MonkeyPatch, program: Callable[..., Any]
) -> None:
    assert disagreement(monkeypatch, program, 1.0) < 1e-5
    assert disagreement(monkeypatch, program, -1.0) > 1e-3  # the check can fail


@pytest.mark.parametrize(
    ("program", "name", "why"),
    [
        (programs.elsewhere, "GAINS[0]", "it is not used"),
        (programs.stepped, "STEPS[0]", "may count"),
        (programs.derived, "DERIVED[0]", "other values are computed from it"),
    ],
)
def test_a_number_that_is_not_proposed_says_why(program: Callable[..., Any], name: str, why: str) -> None:
    (found,) = (c for c in ds.constants(program) if c.name == name)
    assert not found.proposed
    assert why in found.why


@pytest.mark.parametrize("program", [programs.large, programs.shadowed, programs.grown, programs.both])
def test_structures_that_are_data_local_changed_or_given_are_left_alone(program: Callable[..., Any]) -> None:
    assert not [c.name for c in ds.constants(program) if c.part]


def test_a_whole_number_that_counts_cannot_be_learnt() -> None:
    with pytest.raises(UsageError, match="STEPS\\[0\\] cannot be learnt"):
        ds.fit(programs.stepped, table(programs.stepped), "y", ["STEPS[0]"])


def test_a_learnt_structure_is_a_copy() -> None:
    before = copy.deepcopy(programs.CAR)
    done = ds.fit(programs.driven, table(programs.driven), "y")
    assert type(done.learnt["CAR"]) is programs.Car
    assert done.learnt["CAR"].speed == done["CAR.speed"] != before.speed
    assert before == programs.CAR


def test_two_files_are_changed_in_place(tmp_path: Path) -> None:
    (tmp_path / "settings_of_roads.py").write_text(
        'SPEEDS = {\n    "day": 30.0,  # measured\n    "night": 45.0,\n}\n'
    )
    file = tmp_path / "roads.py"
    file.write_text(
        "import settings_of_roads as roads\n\nSHAPE = (1.0, [2.0, -3.0])\n\n\ndef hours(km, dark):\n"
        '    speed = roads.SPEEDS["night"] if dark > 0 else roads.SPEEDS["day"]\n'
        "    return SHAPE[0] + SHAPE[1][0] * km / speed - SHAPE[1][1] * km**2\n"
    )
    km = np.linspace(1.0, 9.0, 40)
    dark = (np.arange(40) % 2).astype(float)
    hours = 1.5 + 2.0 * km / np.where(dark > 0, 50.0, 40.0) + 2.5 * km**2 + 1e-4 * np.sin(31.0 * km)
    done = ds.fit(
        f"{file}:hours", {"km": km, "dark": dark, "hours": hours}, "hours",
        ["SHAPE[0]", "SHAPE[1][1]", "roads.SPEEDS"],
    )  # fmt: skip
    text = ds.diff(done)
    lines = [line for line in text.splitlines() if line.startswith("+") and not line.startswith("+++")]
    assert len(lines) == 3
    scope: dict[str, Any] = {}
    shape, day, night = lines if lines[0].startswith("+SHAPE") else (lines[2], *lines[:2])
    exec(shape[1:] + "\nSPEEDS = {\n" + day[1:] + "\n" + night[1:] + "\n}", scope)
    assert scope["SHAPE"][0] == pytest.approx(1.5, abs=0.01)
    assert scope["SHAPE"][1] == [2.0, pytest.approx(-2.5, abs=0.01)]
    assert scope["SPEEDS"] == {"day": pytest.approx(40.0, rel=0.01), "night": pytest.approx(50.0, rel=0.01)}
    assert "# measured" in day
    assert isinstance(done.learnt["roads.SPEEDS"], dict)
