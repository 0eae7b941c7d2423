"""The solvers on small problems: answers, standard errors, and what they must not claim."""

import re

import numpy as np
import pytest

from downslope.errors import DataError, NotConverged, UsageError
from downslope.fitting.normal import condition, from_rows, from_sums
from downslope.fitting.solution import Interrupted
from downslope.fitting.solve import SOLVERS, solve
from objectives import ArrayObjective

T = np.linspace(0.0, 4.0, 40)
NOISE = 0.05 * np.sin(37.0 * np.arange(40.0))


def columns(*parts):
    return np.column_stack([np.broadcast_to(part, T.shape) for part in parts])


def line(start=(0.0, 0.0), noise=NOISE, **more):
    target = 1.0 + 2.0 * T + noise
    return ArrayObjective(lambda x: x[0] + x[1] * T - target, lambda _: columns(1.0, T), start, **more)


def decay(start=(1.0, 1.0), noise=NOISE, **more):
    target = 3.0 * np.exp(-0.7 * T) + noise
    return ArrayObjective(
        lambda x: x[0] * np.exp(-x[1] * T) - target,
        lambda x: columns(np.exp(-x[1] * T), -x[0] * T * np.exp(-x[1] * T)),
        start,
        **more,
    )


def rosenbrock():
    return ArrayObjective(
        lambda x: np.array([10.0 * (x[1] - x[0] ** 2), 1.0 - x[0]]),
        lambda x: np.array([[-20.0 * x[0], 10.0], [-1.0, 0.0]]),
        (-1.2, 1.0),
    )


SMOOTH = [name for name in SOLVERS if name != "absolute"]  # these minimise the squared loss


@pytest.mark.parametrize("solver", SMOOTH)
def test_every_solver_finds_the_line_and_its_errors(solver):
    solution = solve(line(), solver)
    design = columns(1.0, T)
    best, squares = np.linalg.lstsq(design, 1.0 + 2.0 * T + NOISE)[:2]
    errors = np.sqrt(squares[0] / 38 * np.diag(np.linalg.inv(design.T @ design)))
    assert solution.converged, str(solution)
    assert np.all(np.abs(solution.values - best) < 1e-3 * errors)
    np.testing.assert_allclose(solution.errors, errors, rtol=1e-6)


@pytest.mark.parametrize("noise", [NOISE, 0.0 * NOISE], ids=["noise", "exact data"])
@pytest.mark.parametrize("solver", SMOOTH)
def test_every_solver_finds_the_decay(solver, noise):
    solution = solve(decay(noise=noise), solver)
    exact = solve(decay(noise=noise), "least_squares")
    assert solution.converged, str(solution)
    np.testing.assert_allclose(solution.values, exact.values, rtol=1e-5)


@pytest.mark.parametrize("solver", ["least_squares", "lbfgsb"])
def test_the_curved_valley(solver):
    solution = solve(rosenbrock(), solver)
    assert solution.converged
    np.testing.assert_allclose(solution.values, [1.0, 1.0], rtol=1e-7)
    assert np.isnan(solution.errors).all()  # two rows, two parameters
    assert any("no standard errors" in said for said in solution.undetermined)


def test_too_few_iterations_are_not_a_success():
    for solver in ("least_squares", "lbfgsb", "descent", "adam"):
        solution = solve(decay(start=(0.1, 5.0)), solver, max_iterations=2)
        assert not solution.converged
        assert "did NOT converge" in str(solution)


@pytest.mark.parametrize("solver", ["least_squares", "lbfgsb"])
def test_a_flat_place_far_out_is_not_a_success(solver):
    solution = solve(decay(start=(1.0, 4000.0)), solver)
    assert not solution.converged
    assert re.search(r"`b` (is|ran to \S+) where it has no effect", solution.reason)
    assert any(said.startswith("`b` has no measurable effect") for said in solution.undetermined)


def test_descent_that_overshoots_returns_its_best():
    solution = solve(decay(), "descent", step=0.8, max_iterations=200)
    assert not solution.converged
    assert solution.cost == pytest.approx(min(step.cost for step in solution.history), rel=1e-12)


@pytest.mark.parametrize("solver", ["least_squares", "lbfgsb", "descent", "adam"])
def test_a_bound_is_kept_and_said(solver):
    solution = solve(line(start=(0.0, 1.0), lower=(-9.0, -9.0), upper=(9.0, 1.5)), solver)
    assert solution.converged, str(solution)
    assert solution["b"] == 1.5
    assert solution["a"] == pytest.approx(np.mean(1.0 + 0.5 * T + NOISE), rel=1e-5)
    assert np.isnan(solution.errors[1])
    assert np.isfinite(solution.errors[0])
    assert "`b` is at its bound 1.5" in solution.undetermined


def test_a_bound_out_of_the_way_changes_nothing():
    free, bounded = solve(decay()), solve(decay(lower=(0.0, 0.0), upper=(100.0, 100.0)))
    np.testing.assert_allclose(bounded.values, free.values, rtol=1e-9)
    assert bounded.undetermined == ()


def test_equal_bounds_hold_a_parameter():
    solution = solve(line(start=(0.0, 1.5), lower=(-9.0, 1.5), upper=(9.0, 1.5)))
    assert solution["b"] == 1.5
    assert "`b` is held by its bounds" in solution.undetermined


def test_a_constant_that_does_not_matter_is_left_alone():
    target = 2.0 * T + NOISE
    solution = solve(ArrayObjective(lambda x: x[0] * T - target, lambda _: columns(T, 0.0), (1.0, 7.0)))
    assert solution.converged
    assert solution["b"] == 7.0
    assert np.isnan(solution.errors[1])
    assert np.isfinite(solution.errors[0])
    said = "`b` does not matter: changing it does not change any prediction"
    assert said in solution.undetermined


def test_nothing_to_learn():
    solution = solve(ArrayObjective(lambda _: T, lambda _: columns(0.0), (1.0,)))
    assert not solution.converged
    assert "nothing to learn" in solution.reason


def model(function, slopes, start, **more):
    target = 6.0 * T + NOISE
    return ArrayObjective(
        lambda x: function(x) * T - target, lambda x: columns(*slopes(x)) * T[:, None], start, **more
    )


TRADEOFFS = {
    "a * b": (lambda x: x[0] * x[1], lambda x: (x[1], x[0]), (1.0, 2.0)),
    "a / b": (lambda x: x[0] / x[1], lambda x: (1 / x[1], -x[0] / x[1] ** 2), (1.0, 2.0)),
    "a * b**2": (lambda x: x[0] * x[1] ** 2, lambda x: (x[1] ** 2, 2 * x[0] * x[1]), (1.0, 2.0)),
    "a * b * c": (
        lambda x: x[0] * x[1] * x[2],
        lambda x: (x[1] * x[2], x[0] * x[2], x[0] * x[1]),
        (1.0, 2.0, 1.5),
    ),
    "a + b": (lambda x: x[0] + x[1], lambda _: (1.0, 1.0), (1.0, 2.0)),
    "2*a + b": (lambda x: 2 * x[0] + x[1], lambda _: (2.0, 1.0), (1.0, 2.0)),
    "a - b": (lambda x: x[0] - x[1], lambda _: (1.0, -1.0), (1.0, 2.0)),
}


@pytest.mark.parametrize("words", TRADEOFFS)
def test_a_trade_off_is_said_with_its_combination(words):
    solution = solve(model(*TRADEOFFS[words]))
    assert solution.converged, str(solution)
    (said,) = solution.undetermined
    assert said.startswith((f"only {words} is", f"only {words.replace('2*a + b', 'a + 0.5*b')} is")), said
    assert np.isnan(solution.errors).all()


def test_a_trade_off_leaves_the_others_their_errors():
    target = 6.0 * T + 1.0 + NOISE
    solution = solve(
        ArrayObjective(
            lambda x: x[0] * x[1] * T + x[2] - target,
            lambda x: columns(x[1] * T, x[0] * T, 1.0),
            (1.0, 2.0, 0.0),
        )
    )
    assert np.isnan(solution.errors[:2]).all()
    assert solution.errors[2] == pytest.approx(solve(line()).errors[0], rel=0.2)


def test_fewer_rows_than_parameters():
    objective = ArrayObjective(lambda x: np.array([x[0] + x[1] - 3.0]), lambda _: np.ones((1, 2)), (0.0, 0.0))
    solution = solve(objective)
    assert solution.cost == pytest.approx(0.0, abs=1e-20)
    assert np.isnan(solution.errors).all()
    assert any(said.startswith("1 row cannot determine 2 parameters") for said in solution.undetermined)


def test_exact_data_have_no_error():
    solution = solve(line(noise=0.0 * NOISE))
    assert solution.converged
    np.testing.assert_allclose(solution.errors, 0.0, atol=1e-12)


def test_descent_keeps_its_way_and_is_the_textbook_one():
    objective = ArrayObjective(lambda x: np.array([x[0] - 3.0]), lambda _: np.ones((1, 1)), (0.0,))
    solution = solve(objective, "descent", step=0.25, max_iterations=3)
    assert [float(step.values[0]) for step in solution.history] == [0.0, 1.5, 2.25, 2.625]


def test_descent_that_diverges_says_so():
    solution = solve(line(), "descent", step=10.0)
    assert not solution.converged
    assert "diverges" in solution.reason
    assert solution.cost <= solution.cost_before * (1 + 1e-12)


def test_a_trial_point_that_overflows_is_rejected():
    seen = []

    def residual(x):
        value = np.exp(x[0] * T) - np.exp(2.0 * T)
        value = value if x[0] < 2.5 else value + np.inf  # overflow just beyond the answer
        seen.append(bool(np.isfinite(value).all()))
        return value

    solution = solve(
        ArrayObjective(residual, lambda x: columns(T * np.exp(x[0] * T)), (1.4,)), "least_squares"
    )
    assert not all(seen)  # the search did meet an overflow
    assert solution.converged, str(solution)
    assert solution["a"] == pytest.approx(2.0, rel=1e-9)


@pytest.mark.parametrize("solver", ["least_squares", "lbfgsb", "adam"])
def test_a_wall_of_nan_does_not_stop_the_search(solver):
    target = np.sqrt(np.float64(0.01)) * T + NOISE
    objective = ArrayObjective(
        lambda x: np.sqrt(x[0]) * T - target, lambda x: columns(0.5 / np.sqrt(x[0]) * T), (9.0,)
    )
    solution = solve(objective, solver)
    assert solution.converged, str(solution)
    best = float(T @ target / (T @ T)) ** 2
    assert solution["a"] == pytest.approx(best, rel=1e-4)


@pytest.mark.parametrize(
    ("residual", "derivative", "words"),
    [
        (lambda x: x[0] * T / 0.0 * np.ones(40), lambda _: columns(T), "the cost at the start values is"),
        (lambda x: x[0] * T, lambda _: columns(np.nan), "derivative of the cost by `a`"),
    ],
    ids=["cost", "derivative"],
)
def test_a_start_without_a_finite_cost_is_refused(residual, derivative, words):
    with np.errstate(all="ignore"), pytest.raises(DataError, match=words):
        solve(ArrayObjective(residual, derivative, (1.0,)))


@pytest.mark.parametrize("solver", ["least_squares", "lbfgsb", "descent", "adam"])
def test_ctrl_c_keeps_the_best_so_far(solver):
    def stop(_):
        stop.count += 1
        if stop.count == 3:
            raise KeyboardInterrupt

    stop.count = 0
    with pytest.raises(Interrupted) as caught:
        solve(decay(start=(0.1, 5.0)), solver, callback=stop)
    solution = caught.value.solution
    assert isinstance(caught.value, NotConverged)
    assert not solution.converged
    assert solution.reason == "interrupted"
    assert solution.cost < solution.cost_before
    assert solution.cost == pytest.approx(decay().cost(solution.values), rel=1e-12)


def test_many_rows_by_sums_agree_with_rows():
    many = np.linspace(0.0, 4.0, 150_000)
    target = 3.0 * np.exp(-0.7 * many) + 0.05 * np.sin(37.0 * np.arange(len(many)))
    objective = ArrayObjective(
        lambda x: x[0] * np.exp(-x[1] * many) - target,
        lambda x: np.column_stack([np.exp(-x[1] * many), -x[0] * many * np.exp(-x[1] * many)]),
        (1.0, 1.0),
    )
    solution = solve(objective)
    rows = from_rows([objective.jacobian(solution.values)], 2)
    assert solution.converged
    np.testing.assert_allclose(rows.gradient / rows.norms / np.sqrt(2 * rows.cost), 0.0, atol=1e-9)
    covariance = 2 * rows.cost / (len(many) - 2) * np.linalg.inv(rows.root.T @ rows.root)
    np.testing.assert_allclose(solution.covariance, covariance, rtol=1e-8)


def test_sums_and_rows_compress_to_the_same_problem():
    objective = decay()
    rows, sums = (
        from_rows([objective.jacobian(objective.start)], 2),
        from_sums(objective.sums(objective.start)),
    )
    assert rows.cost == pytest.approx(sums.cost, rel=1e-12)
    assert rows.rest == pytest.approx(sums.rest, rel=1e-9)
    assert condition(rows) == pytest.approx(condition(sums), rel=1e-9)
    np.testing.assert_allclose(rows.gradient, sums.gradient, rtol=1e-10)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"solver": "least_square"}, "did you mean 'least_squares'"),
        ({"solver": "least_squares", "step": 0.1}, "takes no step"),
        ({"solver": "descent", "step": -1.0}, "must be a positive number"),
        ({"max_iterations": 0}, "max_iterations is 0"),
    ],
)
def test_calls_that_make_no_sense(options, words):
    with pytest.raises(UsageError, match=words):
        solve(line(), **options)


def test_a_start_outside_of_its_bounds_is_refused():
    with pytest.raises(UsageError, match="`a` starts at 0, outside of its bounds 1 to 2"):
        solve(line(lower=(1.0, -9.0), upper=(2.0, 9.0)))


def test_another_loss_is_not_for_least_squares():
    objective = line()
    objective.squared = False
    assert solve(objective).solver == "reweighted"
    with pytest.raises(UsageError, match="squared loss"):
        solve(objective, "least_squares")
