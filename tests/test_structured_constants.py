"""Numbers in arrays, lists and objects are constants of their own: found, learnt, said and written back."""

# ruff: noqa: B006, B008  # defaults that are structures are what is tested

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest

import downslope as ds
from command import downslope
from downslope.errors import DataError, UsageError, WriteError
from downslope.fitting.pose import pose
from downslope.read.elements import with_values
from downslope.report.tuned import changed, finish

ROWS = 40


@dataclass(frozen=True)
class Taxi:
    speed: float
    wait: float = 2.0


class Line(NamedTuple):
    slope: float
    start: float


@dataclass
class Fleet:
    day: Taxi
    late: list[float]
    name: str = "red"


def weighed(x, weights=np.array([0.1, 0.2, -0.3])):
    return weights[0] + weights[1] * x + weights[2] * x * x


def looped(x, weights=np.array([[0.5, 0.2], [0.1, 0.3]])):
    total = 0.0
    for i in range(len(weights)):
        for j in range(weights.shape[1]):
            total += weights[i, j] * np.sin((i + 1.0) * x + j)
    return total


def listed(x, terms=[1.0, 2, 0.5]):
    total = 0.0
    for term in terms:
        total = total * x + term
    return total


def driven(x, taxi: Taxi = Taxi(speed=30, wait=2)):
    return taxi.wait + 60.0 * x / taxi.speed


def straight(x, line=Line(2.0, start=1.0)):
    return line.start + line.slope * x


def tabled(x, speeds={"day": 30.0, "night": 45.0}, *, at=2.0):
    return x / (speeds["day"] if x < at else speeds["night"])


def nested(x, fleet=Fleet(Taxi(20.0, 1.5), [1.0, 3.0])):
    return fleet.day.wait + fleet.late[1] * x / fleet.day.speed + fleet.late[0] * x * x


sloped = lambda x, w=(1.0, 3.0): w[0] * x + w[1] ** 2  # noqa: E731  # lambdas are programs too

PROGRAMS: dict[Callable[..., Any], list[str]] = {
    weighed: ["weights[0]", "weights[1]", "weights[2]"],
    looped: ["weights[0][0]", "weights[0][1]", "weights[1][0]", "weights[1][1]"],
    listed: ["terms[0]", "terms[1]", "terms[2]"],
    driven: ["taxi.speed", "taxi.wait"],
    straight: ["line.slope", "line.start"],
    tabled: ["speeds[day]", "speeds[night]"],
    nested: ["fleet.day.speed", "fleet.day.wait", "fleet.late[0]", "fleet.late[1]"],
    sloped: ["w[0]", "w[1]"],
}
each_program = pytest.mark.parametrize("program", PROGRAMS, ids=[f.__name__ for f in PROGRAMS])


def table(program: Callable[..., Any]) -> dict[str, Any]:
    x = np.linspace(0.5, 4.0, ROWS)
    return {"x": x, "y": np.array([program(each) for each in x]) + 0.1 * np.sin(9.0 * x)}


@each_program
def test_each_number_is_a_constant(program: Callable[..., Any]) -> None:
    named = {c.name: c for c in ds.constants(program) if c.part}
    assert list(named) == PROGRAMS[program]
    assert all(constant.proposed for constant in named.values())


def shifted(program: Callable[..., Any], name: str, by: float) -> dict[str, Any]:
    """The program's own default with one number changed: what the user would pass."""
    (constant,) = (c for c in ds.constants(program) if c.name == name)
    assert constant.part is not None
    whole = constant.part.whole
    return {whole.argument: with_values(whole.value, {constant.part.path: constant.value + by})}


def disagreement(program: Callable[..., Any], sign: float = 1.0) -> float:
    """The largest difference of the kernel's Jacobian from differences of the program itself."""
    data = table(program)
    problem = pose(program, data, "y", PROGRAMS[program]).problem
    _, slopes = problem.jacobian(problem.start)
    h = 1e-6
    worst = 0.0
    for column, name in enumerate(PROGRAMS[program]):
        up, down = (shifted(program, name, by) for by in (h, -h))
        differences = [(program(x, **up) - program(x, **down)) / (2 * h) for x in data["x"]]
        worst = max(worst, float(np.max(np.abs(sign * slopes[:, column] - differences))))
    return worst


@each_program
def test_derivatives_in_rows_agree_with_differences_of_the_program_itself(
    program: Callable[..., Any],
) -> None:
    assert disagreement(program) < 1e-6
    assert disagreement(program, -1.0) > 1e-3  # the check can fail


@each_program
def test_second_derivatives_of_the_cost_agree_with_differences_of_its_gradient(
    program: Callable[..., Any],
) -> None:
    problem = pose(program, table(program), "y", PROGRAMS[program]).problem
    x = problem.start * 1.01
    found = problem.hessian(x)
    for column in range(len(x)):
        step = np.zeros_like(x)
        step[column] = 1e-5 * max(1.0, abs(x[column]))
        up, down = (problem.gradient(at)[1] for at in (x + step, x - step))
        assert found[column] == pytest.approx(
            (up - down) / (2 * step[column]), rel=1e-5, abs=1e-5 * np.abs(found).max()
        )


def test_learnt_values_come_back_in_the_structure_of_the_default() -> None:
    data = {"x": np.linspace(0.5, 4.0, ROWS)}
    data["y"] = 3.0 + 60.0 * data["x"] / 24.0
    learnt = ds.fit(driven, data, "y").learnt["taxi"]
    assert type(learnt) is Taxi
    assert learnt.speed == pytest.approx(24.0)
    assert learnt.wait == pytest.approx(3.0)
    assert driven(1.0) == 4.0  # the user's own default stays as it is


def test_numbers_that_are_not_learnt_stay_in_the_structure() -> None:
    data = table(weighed)
    done = ds.fit(weighed, data, "y", ["weights[1]"])
    assert list(done.values) == ["weights[1]"]
    assert done.learnt["weights"][[0, 2]].tolist() == [0.1, -0.3]
    assert done.predictions == pytest.approx([weighed(x, done.learnt["weights"]) for x in data["x"]])


def test_a_structure_that_is_not_learnt_keeps_its_numbers() -> None:
    data = table(tabled)
    done = ds.fit(tabled, data, "y", ["at"], max_iterations=1)
    assert done.cost_before == pytest.approx(0.5 * np.sum((0.1 * np.sin(9.0 * data["x"])) ** 2))


def test_options_take_the_name_of_the_structure_or_of_a_number() -> None:
    data = table(weighed)
    low = ds.fit(
        weighed,
        data,
        "y",
        bounds={"weights": (0.05, None), "weights[2]": (-1.0, -0.2)},
        start={"weights": [0.2, 0.3, -0.25]},
    )
    assert low.problem.lower.tolist() == [0.05, 0.05, -1.0]
    assert low.problem.upper.tolist() == [np.inf, np.inf, -0.2]
    assert low.problem.start.tolist() == [0.2, 0.3, -0.25]
    fixed = ds.fit(weighed, data, "y", fixed={"weights[0]": 0.0}, priors={"weights[1]": (0.2, 0.1)})
    assert fixed["weights[0]"] == 0.0
    assert fixed["weights[1]"] != 0.2
    each = ds.fit(weighed, data, "y", ["weights"], bounds={"weights": [(0.0, 1.0), (0.0, 2.0), (-1.0, 0.0)]})
    assert each.problem.upper.tolist() == [1.0, 2.0, 0.0]
    assert ds.fit(tabled, table(tabled), "y", ["speeds['day']"])["speeds[day]"] > 0.0


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"bounds": {"weights": [(0.0, 1.0)]}}, "does not fit weights"),
        ({"start": {"weights": [1.0, 2.0]}}, "does not fit weights"),
        ({"start": {"weights": "much"}}, "does not fit weights"),
        ({"learn": ["weights[3]"]}, "has no constant 'weights\\[3\\]'"),
        ({"bounds": {"weight": (0.0, 1.0)}}, "'weight', which is not learnt"),
    ],
)
def test_what_does_not_fit_is_said(options: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        ds.fit(weighed, table(weighed), "y", **options)


class Custom:
    def __init__(self, speed):
        self.speed = speed


def of_custom(x, car=Custom(30.0)):
    return x * car.speed


def of_data(x, steps=np.arange(400.0)):
    return x * steps[1]


def of_whole_numbers(x, w=np.array([1, 2])):
    return w[0] * x + w[1]


def of_truth(x, w=np.array([True, False]), a=1.5):
    return a * x if w[0] else x


def returning_an_array(x, w=np.array([1.0, 2.0])):
    return w * x


@pytest.mark.parametrize(
    ("program", "options", "said"),
    [
        (of_custom, {}, "no list, tuple, dict, array, named tuple or plain dataclass"),
        (of_data, {}, "it holds 400 numbers, and more than 256 are data"),
        (of_whole_numbers, {}, "it is in an array of whole numbers"),
        (
            of_whole_numbers,
            {"learn": ["w"]},
            "it is in an array of whole numbers: it must stay a whole number",
        ),
        (returning_an_array, {}, "a residual is one number minus it"),
        (returning_an_array, {"loss": "gaussian"}, "a residual is one number minus it"),
    ],
)
def test_what_cannot_be_learnt_is_refused_with_a_reason(
    program: Callable[..., Any], options: dict[str, Any], said: str
) -> None:
    with pytest.raises(UsageError) as error:
        ds.fit(program, {"x": [1.0, 2.0], "y": [1.0, 2.0]}, "y", **options)
    assert said in str(error.value)


def test_a_column_of_lists_is_refused() -> None:
    with pytest.raises(DataError, match="in row 1"):
        ds.fit(weighed, {"x": [[1.0, 2.0], [3.0, 4.0]], "y": [1.0, 2.0]}, "y")


def test_a_default_without_numbers_is_kept() -> None:
    assert ds.fit(of_truth, {"x": [1.0, 2.0], "y": [2.0, 4.0]}, "y")["a"] == pytest.approx(2.0)


def test_a_learner_learns_numbers_in_structures(tmp_path: Path) -> None:
    learner = ds.Learner(weighed, registry=f"sqlite:///{tmp_path}/r.db", target="y")
    data = table(weighed)
    learner.update(data)
    assert list(learner.values) == PROGRAMS[weighed]
    learned = np.array(list(learner.values.values()))
    assert learner.predict(data) == pytest.approx([weighed(x, learned) for x in data["x"]])


def test_numbers_in_structures_follow_others() -> None:
    done = ds.fit(tabled, table(tabled), "y", tie={"speeds[night]": "1.5 * speeds['day']"})
    speeds = done.learnt["speeds"]
    assert speeds["night"] == pytest.approx(1.5 * speeds["day"], rel=1e-12)
    with pytest.raises(UsageError, match="weights is tied, and holds several numbers"):
        ds.fit(weighed, table(weighed), "y", tie={"weights": "2.0"})


WRITTEN = """import numpy as np
from dataclasses import dataclass


@dataclass
class Taxi:
    speed: float
    wait: float = 2.0


def minutes(km, taxi: Taxi = Taxi(30, wait=2), *, terms=np.array([0.0, -1.0])):  # guessed
    return taxi.wait + 60.0 * km / taxi.speed + terms[0] * km**2 + terms[1] * np.sin(km)
"""


def test_the_command_writes_each_number_in_its_place(tmp_path: Path) -> None:
    (tmp_path / "trips.py").write_text(WRITTEN)
    km = np.linspace(0.5, 12.0, 60)
    minutes = 3.0 + 2.5 * km + 0.25 * km**2 + 2.0 * np.sin(km) + 0.02 * np.cos(31.0 * km)
    rows = "".join(f"{a},{b}\n" for a, b in zip(km, minutes, strict=True))
    (tmp_path / "trips.csv").write_text(f"km,minutes\n{rows}")
    listing = downslope("constants", "trips.py:minutes", folder=tmp_path)
    assert listing.code == 0
    assert "taxi.speed" in listing.out
    assert "terms[1]" in listing.out
    done = downslope(
        "tune", "trips.py:minutes", "trips.csv", "--target", "minutes", "--write", folder=tmp_path
    )
    assert done.code == 0, done.out + done.err
    before, after = WRITTEN.splitlines(), (tmp_path / "trips.py").read_text().splitlines()
    (changed,) = (new for old, new in zip(before, after, strict=True) if old != new)
    form = r"def minutes\(km, taxi: Taxi = Taxi\((.*), wait=(.*)\), \*, terms=np.array\(\[(.*), (.*)\]\)\):  # guessed"
    found = re.fullmatch(form, changed)
    assert found is not None, changed
    assert [float(text) for text in found.groups()] == pytest.approx([24.0, 3.0, 0.25, 2.0], rel=0.02)


def test_a_number_without_a_literal_is_learnt_if_asked_for_and_not_written(tmp_path: Path) -> None:
    file = tmp_path / "trips.py"
    file.write_text(WRITTEN.replace("Taxi(30, wait=2)", "Taxi(30)"))
    found = {c.name: c for c in ds.constants(f"{file}:minutes")}
    assert not found["taxi.wait"].proposed
    assert found["taxi.speed"].proposed
    km = np.linspace(0.5, 12.0, 60)
    data = {"km": km, "minutes": 3.0 + 2.5 * km - np.sin(km)}
    done = ds.fit(f"{file}:minutes", data, "minutes", ["taxi"])
    assert done.learnt["taxi"].wait == pytest.approx(3.0)
    with pytest.raises(WriteError, match="taxi.wait cannot be written back"):
        finish(done, *changed(done), None, True)


def test_a_model_file_predicts_with_the_learnt_structure(tmp_path: Path) -> None:
    for program in (driven, weighed):
        data = table(program)
        done = ds.fit(program, data, "y")
        done.save(tmp_path / "model.json")
        model = ds.load(tmp_path / "model.json", program)
        assert model.predict(data).tolist() == done.predictions.tolist()
        assert list(model.values) == PROGRAMS[program]
