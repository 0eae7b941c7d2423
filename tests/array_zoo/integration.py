"""Differential equations and roots inside programs: SciPy's, and loops of one's own."""

# Programs are written as users write them; a type checker objects to some of that.
# mypy: ignore-errors

import numpy as np
import scipy.optimize
from scipy.integrate import solve_ivp
from scipy.interpolate import CubicSpline, PchipInterpolator, interp1d, make_interp_spline
from scipy.optimize import brentq, newton

from array_zoo.registry import specimen, vector


def decay(t, y, k):
    return -k * y * (1.0 + 0.1 * t)


@specimen(1.3, vector(2))
def decay_to_the_end(k, y0):
    sol = solve_ivp(decay, (0.0, 1.0), y0, args=(k,), rtol=1e-9, atol=1e-10)
    return sol.y[:, -1]


@specimen(np.array([1.1, 0.4, 0.3]), np.array([2.0, 1.0]), native=False)
def populations_at_times(p, y0):
    def growth(t, y):
        return np.array([p[0] * y[0] - p[1] * y[0] * y[1], p[2] * y[0] * y[1] - y[1]])

    sol = solve_ivp(growth, [0.0, 0.3], y0, t_eval=np.array([0.0, 0.14, 0.3]), rtol=1e-9, atol=1e-10)
    return sol.y


@specimen(2.0, 0.9, native=False)
def oscillator_until_a_time_that_varies(w, t1):
    sol = solve_ivp(lambda t, y: [y[1], -w * w * y[0]], (0.0, t1), [1.0, 0.0], rtol=1e-9, atol=1e-11)
    return sol.y[0, -1] * sol.t[-1]


@specimen(2.0, 0.4, native=False)
def points_in_time_that_vary(k, t):
    sol = solve_ivp(lambda s, y: -k * y, (1.0, 0.2), [0.7], t_eval=[0.5 + t, t], rtol=1e-9, atol=1e-11)
    return sol.y[0]


@specimen(1.2, native=False)
def steps_of_lower_order(k):
    sol = solve_ivp(decay, (0.0, 0.3), np.array([1.0]), method="RK23", args=(k,), rtol=1e-7, atol=1e-9)
    return sol.y[0, -1] + sol.success


@specimen(1.3, 0.7, native=False)
def steps_of_ones_own(k, y):
    h = 0.1
    for _ in range(5):
        k1 = -k * y
        k2 = -k * (y + 0.5 * h * k1)
        k3 = -k * (y + 0.5 * h * k2)
        k4 = -k * (y + h * k3)
        y = y + h * (k1 + 2.0 * k2 + 2.0 * k3 + k4) / 6.0
    return y


@specimen(2.0)
def root_in_a_bracket(a):
    return brentq(lambda x: x**3 - a * x - 1.0, 0.5, 4.0) * a


@specimen(0.8, 0.4, native=False)
def root_by_chords(m, e):
    return newton(lambda x: x - e * np.sin(x) - m, m)


@specimen(0.8, 0.4, native=False)
def root_by_tangents(m, e):
    def gap(x, m, e):
        return x - e * np.sin(x) - m

    def slope(x, m, e):
        return 1.0 - e * np.cos(x)

    return newton(gap, 0.5, fprime=slope, args=(m, e)) ** 2


@specimen(2.5, native=False)
def root_as_an_object(a):
    found = scipy.optimize.root_scalar(lambda x: np.exp(x) - a, bracket=(-2.0, 3.0))
    return found.root


@specimen(vector(3, 1.5), native=False)
def roots_in_a_loop(v):
    total = 0.0
    for i in range(3):
        total += brentq(lambda x, a: x * x - a, 0.0, 3.0, args=(v[i],)) * (i + 1)
    return total


# ---- splines -----------------------------------------------------------------------------------------

KNOTS = np.array([0.0, 0.4, 1.1, 1.5])


@specimen(KNOTS, vector(4, 1.0, -0.3), np.array([-0.2, 1.2]), native=False)
def cubic_spline(x, y, q):
    s = CubicSpline(x, y)
    return s(q)


@specimen(vector(5), 0.7, native=False)
def ends_of_cubic_splines(y, q):
    natural = CubicSpline(np.array([0.0, 0.4, 1.1, 1.5, 2.3]), y, bc_type="natural")
    clamped = CubicSpline(np.array([0.0, 0.4, 1.1, 1.5, 2.3]), y, bc_type="clamped")
    return natural(q) * clamped(q) + natural(q, 1) + clamped(q, 2)


@specimen(vector(3), 0.7, native=False)
def parabola(y, q):
    s = CubicSpline([0.0, 0.4, 1.1], y)
    return s(q)


@specimen(KNOTS, vector(4), 0.7, wrt=(1, 2), native=False)
def splines_of_other_names(x, y, q):
    cubic = make_interp_spline(x, y)
    line = make_interp_spline(x, y, k=1)
    same = interp1d(x, y, kind="cubic")
    return cubic(q) * line(q) + same(q * 1.5)


@specimen(KNOTS, vector(4), np.array([-0.2, 0.7]), native=False)
def lines_beyond_their_ends(x, y, q):
    f = interp1d(x, y, fill_value="extrapolate")
    return f(q)


TABLE = PchipInterpolator(KNOTS, np.array([0.0, 0.3, 0.4, 1.4]))


@specimen(vector(2), 0.7, native=False)
def spline_made_outside(q, x):
    return TABLE(q) * TABLE(x, 1)
