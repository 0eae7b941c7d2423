"""What a solution may claim: minima only, and standard errors with what they assume."""

import math
from itertools import pairwise

import numpy as np
import pytest
from scipy import optimize

import downslope as ds
from downslope.errors import UsageError
from downslope.fitting.covariance import Errors
from downslope.fitting.losses import LOSSES
from downslope.fitting.solve import solve
from objectives import ArrayObjective

T = np.linspace(0.0, 4.0, 60)
NOISE = 0.05 * np.sin(37.0 * np.arange(60.0))
LS = ["least_squares", "lbfgsb", "reweighted"]


def columns(*parts):
    return np.column_stack([np.broadcast_to(part, T.shape) for part in parts])


def squares(target):
    """a T + b², whose slope by b is zero at b = 0."""
    return ArrayObjective(
        lambda x: x[0] * T + x[1] ** 2 - target, lambda x: columns(T, 2.0 * x[1]), (1.0, 0.0)
    )


@pytest.mark.parametrize("solver", LS)
def test_a_flat_start_that_matters_is_left(solver):
    """b = 0 is a maximum of the cost along b: the answer is b = ±2."""
    solution = solve(squares(2.0 * T + 4.0 + NOISE), solver)
    assert solution.converged, str(solution)
    assert abs(solution["b"]) == pytest.approx(2.0, rel=0.01)
    assert np.isfinite(solution.errors).all()
    assert solution.start.tolist() == [1.0, 0.0]  # the user's own


@pytest.mark.parametrize("solver", LS)
def test_a_flat_start_that_is_the_answer_is_found_again(solver):
    solution = solve(squares(2.0 * T - 4.0 + NOISE), solver)
    alone = float(T @ (2.0 * T - 4.0 + NOISE) / (T @ T))
    assert solution["b"] == pytest.approx(0.0, abs=1e-3)
    assert solution["a"] == pytest.approx(alone, rel=2e-4)  # of a standard error, 0.23
    assert solution.converged, str(solution)


@pytest.mark.parametrize("solver", [*LS, "descent", "adam"])
def test_what_changes_only_in_jumps_is_no_success(solver):
    target = 2.0 * T * (T > 1.5) + NOISE
    objective = ArrayObjective(
        lambda x: x[0] * T * (T > x[1]) - target, lambda x: columns(T * (T > x[1]), 0.0), (1.0, 2.5)
    )
    solution = solve(objective, solver)
    assert not solution.converged
    assert "`b` changes predictions only in jumps" in solution.reason
    assert solution["b"] == 2.5
    kept = (T > 2.5) * T
    assert solution["a"] == pytest.approx(float(kept @ target / (kept @ kept)), rel=1e-3)


def humps(start, target=None):
    """Two equal decays: a start with both rates the same cannot leave it along the gradient."""
    target = np.exp(-0.5 * T) + np.exp(-3.0 * T) if target is None else target
    return ArrayObjective(
        lambda x: np.exp(-x[0] * T) + np.exp(-x[1] * T) - target,
        lambda x: columns(-T * np.exp(-x[0] * T), -T * np.exp(-x[1] * T)),
        start,
    )


@pytest.mark.parametrize("solver", LS)
def test_a_saddle_is_left(solver):
    """With equal rates the gradient never tells them apart: Gauss-Newton ends at a saddle."""
    solution = solve(humps((1.0, 1.0)), solver)
    assert solution.converged, str(solution)
    assert sorted(solution.values) == pytest.approx([0.5, 3.0], rel=1e-5)


@pytest.mark.parametrize("solver", ["descent", "adam"])
def test_a_saddle_is_said_where_the_way_is_the_users(solver):
    solution = solve(humps((1.0, 1.0)), solver)
    assert not solution.converged
    assert "`a` and `b`: a saddle or a maximum" in solution.reason


@pytest.mark.parametrize("solver", LS)
def test_a_maximum_is_left(solver):
    """cos(x) = -1 for all rows: x = 0 is a maximum of the cost with a zero gradient."""
    target = -np.ones(60)
    objective = ArrayObjective(
        lambda x: np.cos(x[0]) * np.ones(60) - target, lambda x: columns(-np.sin(x[0])), (0.0,)
    )
    solution = solve(objective, solver)
    assert solution.cost < 1e-8 * solution.cost_before
    assert np.cos(solution.values[0]) == pytest.approx(-1.0, abs=1e-8)


@pytest.mark.parametrize("p", [200, 201])
def test_with_too_many_parameters_the_check_is_left_out_and_that_is_said(p):
    target = np.sin(np.arange(300.0))
    design = np.eye(300, p) + 0.01
    objective = ArrayObjective(
        lambda x: design @ x - target, lambda _: design, np.ones(p), tuple(f"x{i}" for i in range(p))
    )
    solution = solve(objective)
    assert solution.converged
    assert any("not checked" in said for said in solution.undetermined) == (p == 201)


def test_a_value_that_runs_away_is_no_success():
    """The target is 5 on every row, which 60 d / speed + extra meets at an infinite speed."""
    d = np.arange(1.0, 7.0)
    solution = solve(
        ArrayObjective(
            lambda x: 60.0 * d / x[0] + x[1] - 5.0,
            lambda x: np.column_stack([-60.0 * d / x[0] ** 2, np.ones(6)]),
            (30.0, 1.0),
            ("speed", "extra"),
        )
    )
    assert not solution.converged
    assert "`speed` ran to" in solution.reason


def test_a_true_value_of_zero_is_no_runaway():
    solution = solve(ArrayObjective(lambda x: x[0] + x[1] * T - 3.0, lambda _: columns(1.0, T), (1.0, 1.0)))
    assert solution.converged, str(solution)
    assert solution["b"] == pytest.approx(0.0, abs=1e-12)


def decay(t, a=1.0, b=60.0):
    """A start so steep that only the first rows tell anything."""
    return a * math.exp(-b * t)


def outliers():
    rng = np.random.default_rng(7)
    y = 3.0 * np.exp(-0.7 * T) + 0.05 * rng.standard_normal(60)
    y[::9] += 2.0
    return {"t": T, "y": y}


@pytest.mark.parametrize("loss", LOSSES)
def test_every_loss_leaves_a_flat_start(loss):
    done = ds.fit(decay, outliers(), "y", loss=loss)
    assert done.converged, str(done)
    assert done["b"] == pytest.approx(0.7, rel=0.15)
    if loss == "cauchy":  # the one that outliers hardly move
        assert done["b"] == pytest.approx(0.7, rel=0.05)


def line(t, a=0.0, b=0.0):
    return a + b * t


def noisy(rng, rows=200):
    t = rng.uniform(0.0, 4.0, rows)
    return {"t": t, "y": 1.0 + 2.0 * t + rng.standard_t(3, rows)}


def test_least_absolute_deviations_are_the_linear_programs(rng):
    table = noisy(rng)
    done = ds.fit(line, table, "y", loss="absolute")
    design = np.column_stack([np.ones(200), table["t"]])
    eye = np.eye(200)
    exact = optimize.linprog(
        np.r_[0, 0, np.ones(400)],
        A_eq=np.hstack([design, eye, -eye]),
        b_eq=table["y"],
        bounds=[(None, None)] * 2 + [(0, None)] * 400,
    )
    assert done.converged, str(done)
    assert done.solution.cost == pytest.approx(exact.fun, rel=1e-12)
    np.testing.assert_allclose(done.solution.values, exact.x[:2], rtol=1e-9)
    assert np.isnan(done.solution.errors).all()
    assert any("density of the noise" in said for said in done.solution.undetermined)


def test_a_corner_that_is_not_the_best_is_no_minimum(rng):
    done = ds.fit(line, noisy(rng), "y", loss="absolute", max_iterations=3)
    assert not done.converged


def test_sandwich_errors_of_a_line_are_whites(rng):
    table = noisy(rng)
    table["y"] += table["t"] * rng.standard_normal(200)
    solution = ds.fit(line, table, "y", errors="robust").solution
    design = np.column_stack([np.ones(200), table["t"]])
    best = np.linalg.lstsq(design, table["y"])[0]
    bread = np.linalg.inv(design.T @ design)
    scores = design * (design @ best - table["y"])[:, None]
    np.testing.assert_allclose(solution.covariance, 200 / 198 * bread @ scores.T @ scores @ bread, rtol=1e-6)
    assert "noise of any size" in solution.assumed


def test_grouped_errors_of_a_line(rng):
    day = np.repeat(np.arange(20), 10)
    table = noisy(rng)
    table["y"] += rng.standard_normal(20)[day]
    solution = ds.fit(line, {**table, "day": day}, "y", group="day").solution
    design = np.column_stack([np.ones(200), table["t"]])
    best = np.linalg.lstsq(design, table["y"])[0]
    bread = np.linalg.inv(design.T @ design)
    scores = design * (design @ best - table["y"])[:, None]
    sums = np.array([scores[day == k].sum(axis=0) for k in range(20)])
    factor = 20 / 19 * 199 / 198
    np.testing.assert_allclose(solution.covariance, factor * bread @ sums.T @ sums @ bread, rtol=1e-6)
    assert solution.errors[0] > 1.3 * ds.fit(line, table, "y").solution.errors[0]


@pytest.mark.parametrize("loss", ["huber", "soft_l1", "cauchy"])
def test_errors_of_robust_losses_are_those_of_repeated_draws(loss, rng):
    """The mean standard error is the spread of the estimates over 200 tables, within its noise."""
    found, claimed = [], []
    for _ in range(200):
        solution = ds.fit(line, noisy(rng), "y", loss=loss).solution
        assert solution.converged
        found.append(solution.values)
        claimed.append(solution.errors)
    np.testing.assert_allclose(np.mean(claimed, axis=0), np.std(found, axis=0), rtol=0.15)


@pytest.mark.parametrize("loss", ["huber", "soft_l1", "cauchy"])
def test_a_width_is_the_unit_of_the_residuals(loss, rng):
    """The target in seconds with a width of 60 gives what minutes with a width of 1 give."""
    table = noisy(rng)
    small = ds.fit(line, table, "y", loss=loss)
    large = ds.fit(line, {"t": table["t"], "y": 60.0 * table["y"]}, "y", loss=f"{loss}:60")
    np.testing.assert_allclose(large.solution.values, 60.0 * small.solution.values, rtol=1e-6)
    np.testing.assert_allclose(large.solution.errors, 60.0 * small.solution.errors, rtol=1e-4)
    assert large.cost == pytest.approx(3600.0 * small.cost, rel=1e-9)


def test_a_wide_loss_is_the_squared_one(rng):
    table = noisy(rng)
    wide, squared = (ds.fit(line, table, "y", loss=loss) for loss in ("huber:1e6", "squared"))
    np.testing.assert_allclose(wide.solution.values, squared.solution.values, rtol=1e-6)


@pytest.mark.parametrize(
    "loss", ["huber:0", "huber:-1", "huber:x", "huber:inf", "squared:2", "absolute:2", "hubr:1"]
)
def test_widths_that_make_no_sense(loss):
    with pytest.raises(UsageError, match="there is no loss"):
        ds.fit(line, {"t": T, "y": T}, "y", loss=loss)


def test_unknown_errors_are_refused():
    with pytest.raises(UsageError, match="standard errors"):
        Errors("sandwich")


def steep():
    """A cost whose curvature grows tenfold on the way: the first step is too long later."""
    target = np.exp(2.0 * T) + NOISE
    return ArrayObjective(
        lambda x: np.exp(x[0] * T) - target, lambda x: columns(T * np.exp(x[0] * T)), (1.5,)
    )


def test_the_default_step_of_descent_is_safe():
    solution = solve(steep(), "descent")
    assert solution.converged, str(solution)
    costs = [step.cost for step in solution.history]
    assert all(b <= a for a, b in pairwise(costs))
    assert solution["a"] == pytest.approx(2.0, rel=1e-4)


def test_a_step_that_is_too_long_gets_a_proposal_that_works():
    found = solve(steep(), "descent", step=0.1)
    assert not found.converged
    assert "use a smaller step, e.g. " in found.reason
    proposed = float(found.reason.split("e.g. ")[1].split(",")[0])
    assert solve(steep(), "descent", step=proposed).converged


def test_two_rows_for_two_parameters():
    done = ds.fit(line, {"t": [1.0, 2.0], "y": [3.0, 5.0]}, "y")
    assert done.converged
    assert [done["a"], done["b"]] == pytest.approx([1.0, 2.0])
    assert np.isnan(done.solution.errors).all()
    assert any(said.startswith("no standard errors: 2 rows for 2") for said in done.solution.undetermined)


def test_one_row_for_one_parameter():
    done = ds.fit(line, {"t": [2.0], "y": [3.0]}, "y", learn=["b"])
    assert done["b"] == pytest.approx(1.5)
    assert any("no standard errors: 1 row for 1 parameter" in said for said in done.solution.undetermined)


def test_an_exact_fit_is_said():
    done = ds.fit(line, {"t": T, "y": 1.0 + 2.0 * T}, "y")
    assert done.converged
    assert any("the fit is exact" in said for said in done.solution.undetermined)


@pytest.mark.parametrize("solver", ["least_squares", "lbfgsb"])
def test_a_parameter_without_effect_at_the_start_may_have_one_later(solver, rng):
    x = rng.uniform(0.0, 10.0, 50)
    y = 2.0 * x + 1.0 + rng.normal(0.0, 0.1, 50)
    line = ArrayObjective(
        lambda p: p[0] * p[1] * x + p[0] - y,
        lambda p: np.stack([p[1] * x + 1.0, p[0] * x], axis=1),
        np.zeros(2),
    )
    b, a = np.polyfit(x, y, 1)
    found = solve(line, solver)
    assert found.converged, found.reason
    np.testing.assert_allclose(found.values, [a, b / a], rtol=1e-6)
    assert not any("does not matter" in said for said in found.undetermined)


@pytest.mark.parametrize("slope", [2.0, -2.0])
def test_factors_that_are_all_zero_are_left(slope):
    x = np.linspace(1.0, 5.0, 20)
    product = ArrayObjective(
        lambda p: p[0] * p[1] * x - slope * x,
        lambda p: np.stack([p[1] * x, p[0] * x], axis=1),
        np.zeros(2),
    )
    found = solve(product)
    assert found.converged, found.reason
    assert found.values[0] * found.values[1] == pytest.approx(slope)


def waiting_line(d, speed=30.0, wait=0.0):
    return wait + 60.0 * d / speed


@pytest.mark.parametrize("bounds", [(-5.0, 0.0), (-math.inf, 0.0)])
def test_a_bound_at_zero_where_the_start_is_too_is_an_answer(bounds, rng):
    d = np.linspace(1.0, 8.0, 20)
    table = {"d": d, "minutes": 2.0 + 2.5 * d + rng.normal(0.0, 1.0, 20)}
    done = ds.fit(waiting_line, table, "minutes", ["speed", "wait"], bounds={"wait": bounds})
    assert done.converged, str(done)
    assert done["wait"] == 0.0
    through_zero = 60.0 * (d @ d) / (d @ table["minutes"])
    assert done["speed"] == pytest.approx(through_zero, rel=1e-6)
