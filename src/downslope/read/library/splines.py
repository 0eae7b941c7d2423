"""`scipy.interpolate`: splines through points, as functions that the program calls."""

import sys
from typing import Any

from downslope.ir.nodes import Lit
from downslope.read.frames import Closure, Frame, Value
from downslope.read.library.call import LibraryCall
from downslope.read.source import read_source
from downslope.read.views import View, Word
from downslope.rules.programs import named

NONE, ZERO, THREE, YES, NO = Lit(None), Lit(0), Lit(3), Lit(True), Lit(False)
NOT_A_KNOT, LINEAR, EXTRAPOLATE = Word("not-a-knot"), Word("linear"), Word("extrapolate")
ENDS = {"not-a-knot": 0, "natural": 1, "clamped": 2}


def CubicSpline(  # noqa: N802  # as SciPy calls it
    call: LibraryCall,
    x: Value,
    y: Value,
    axis: Value = ZERO,
    bc_type: Value = NOT_A_KNOT,
    extrapolate: Value = YES,
) -> Value:
    """`scipy.interpolate.CubicSpline` through numbers."""
    ends = ENDS.get(str(call.known(bc_type, "bc_type")))
    if ends is None or axis != ZERO or extrapolate not in (YES, NONE):
        call.refused(
            "with these options", "its ends are read as not-a-knot, natural or clamped.", "use one of them."
        )
    return _cubic(call, *_points(call, x, y, 2), Lit(ends), YES)


def make_interp_spline(call: LibraryCall, x: Value, y: Value, k: Value = THREE) -> Value:
    """`scipy.interpolate.make_interp_spline` of degree 1 or 3."""
    degree = call.whole_number(k, "k")
    if degree == 1:
        knots, values = _points(call, x, y, 2)
        return _function(call, knots, call.run("splines:lines", knots, values), YES)
    if degree != 3:
        call.refused(f"of degree {degree}", "degrees 1 and 3 are read.", "use one of them.")
    return _cubic(call, *_points(call, x, y, 4), ZERO, YES)


def interp1d(
    call: LibraryCall,
    x: Value,
    y: Value,
    kind: Value = LINEAR,
    bounds_error: Value = NONE,
    fill_value: Value = NONE,
) -> Value:
    """`scipy.interpolate.interp1d`, linear or cubic; outside the points it raises, or extrapolates."""
    if fill_value not in (NONE, EXTRAPOLATE) or bounds_error not in (NONE, YES):
        call.refused(
            "with a value for points outside",
            "outside it raises, or extrapolates.",
            'use np.interp, which has left and right, or fill_value="extrapolate".',
        )
    outside = Lit(fill_value == EXTRAPOLATE)
    if kind == LINEAR:
        knots, values = _points(call, x, y, 2)
        return _function(call, knots, call.run("splines:lines", knots, values), outside)
    if kind != Word("cubic"):
        call.refused(
            f"with kind={call.known(kind, 'kind')!r}", "kinds are linear and cubic.", "use one of them."
        )
    return _cubic(call, *_points(call, x, y, 4), ZERO, outside)


def _points(call: LibraryCall, x: Value, y: Value, least: int) -> tuple[View, View]:
    """The points, at least so many."""
    knots, values = call.view(x, 1, 1), call.view(y, 1, 1)
    values = call.with_core(values, call.equal(values.lengths[0], knots.lengths[0]))
    if not call.arrays.numbers.at_least(knots.lengths[0], Lit(least)):
        few = call.arrays.host.row("less", [knots.lengths[0], Lit(least)])
        call.arrays.fail(few, "ValueError")
    return call.calls.made(knots, "f", "knots"), values


def _cubic(call: LibraryCall, knots: View, values: View, ends: Lit, outside: Lit) -> Value:
    return _function(call, knots, call.run("splines:cubics", knots, values, ends), outside)


def _function(call: LibraryCall, knots: View, parts: Value, outside: Lit) -> Closure:
    """The function that the program calls."""
    del call
    source = read_source(named("splines:spline"))
    given: dict[str, Value] = {"nu": ZERO, "knots": knots, "parts": parts, "outside": outside}
    return Closure(source.node, Frame(source, {}), given, ours=True)


def is_spline(value: object) -> bool:
    """Whether a value is a piecewise polynomial of SciPy's, made outside the program."""
    interpolate = sys.modules.get("scipy.interpolate")
    return interpolate is not None and isinstance(value, interpolate.PPoly)


def constant(call: LibraryCall, spline: Any, x: Value, nu: Value = ZERO) -> Value:
    """A piecewise polynomial that was made outside the program: its knots and coefficients are constants."""
    if spline.c.ndim != 2 or spline.extrapolate is not True:
        call.refused(
            "of several columns, or that does not extrapolate",
            "one column is read, and its end pieces go on.",
            "make one for each column, with extrapolate=True.",
        )
    knots = call.calls.made(tuple(map(Lit, spline.x.tolist())), "f", "knots")
    rows = tuple(tuple(map(Lit, row)) for row in spline.c.tolist())
    return evaluated(call, x, nu, knots, call.calls.made(rows, "f", "parts"), YES)


def evaluated(call: LibraryCall, x: Value, nu: Value, knots: Value, parts: Value, outside: Value) -> Value:
    """A piecewise polynomial at a number, or at each element of an array."""
    call.name = "a spline"
    order = Lit(call.whole_number(nu, "an order of derivative"))
    return call.each(x, lambda number: call.run("splines:value", number, order, knots, parts, outside))
