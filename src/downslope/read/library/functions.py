"""Functions of SciPy that take a function of the program's: integration and roots."""

import ast
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NoReturn

from downslope.ir.nodes import Lit
from downslope.read.frames import Closure, Frame, Record, Value
from downslope.read.library.call import LibraryCall
from downslope.read.library.pairs import PAIRS, Pair
from downslope.read.views import View, Word

NONE, ZERO, YES, NOTHING = Lit(None), Lit(0.0), Lit(True), ()
RTOL, ATOL, INFINITE = Lit(1e-3), Lit(1e-6), Lit(float("inf"))
XTOL, BRENT_RTOL, BRENT_STEPS, NEWTON_TOL, NEWTON_STEPS = (
    Lit(2e-12), Lit(8.881784197001252e-16), Lit(100), Lit(1.48e-8), Lit(50),
)  # fmt: skip
DEFAULT = Word("RK45")


@dataclass(frozen=True)
class Solution:
    """What `solve_ivp` returns."""


@dataclass(frozen=True)
class Root:
    """What `root_scalar` returns."""


def held(call: LibraryCall, a: Value) -> Value:
    """The array as constants."""
    view = call.view(a)
    return call.with_core(call.view(call.routine("held", view)), *view.lengths)


# ---- integration ---------------------------------------------------------------------------------


def solve_ivp(
    call: LibraryCall,
    fun: Value,
    t_span: Value,
    y0: Value,
    method: Value = DEFAULT,
    t_eval: Value = NONE,
    args: Value = NONE,
    rtol: Value = RTOL,
    atol: Value = ATOL,
    first_step: Value = NONE,
    max_step: Value = INFINITE,
) -> Value:
    """`scipy.integrate.solve_ivp` by RK45 or RK23; the result has the parts `t`, `y` and `success`."""
    pair = PAIRS.get(str(call.known(method, "a method")))
    if pair is None:
        call.refused(
            f"with method={call.known(method, 'a method')!r}",
            "of its methods, RK45 and RK23 have a derivative.",
            "use one of them, with smaller tolerances if the problem is stiff, or a loop of your own.",
        )
    start = call.view(y0, 1, 1)
    f = _given(call, fun, args, ("t", "y"))
    t0, t1 = _ends(call, t_span)
    tableau = [_constant(call, part) for part in (pair.a, pair.b, pair.c)]
    options = [ZERO if first_step == NONE else call.number(first_step), call.number(max_step)]
    tolerances = [call.number(rtol), call.number(atol)]
    parts = call.view(
        call.run(
            "integration:times", f, t0, t1, start, *tolerances, *options, Lit(float(pair.order)), *tableau,
            _constant(call, pair.e),
        )
    )  # fmt: skip
    times, found = _solution(call, f, parts, t0, t1, start, t_eval, pair, tableau)
    return Record("object", Solution, ("t", "y", "success"), (times, found, YES))


def _solution(
    call: LibraryCall, f: Closure, parts: View, t0: Value, t1: Value, start: View, t_eval: Value, pair: Pair,
    tableau: Sequence[Value],
) -> tuple[Value, Value]:  # fmt: skip
    """The times, and the solution there."""
    if t_eval == NONE:
        both = call.parts(call.run("integration:at_steps", f, parts, t0, t1, start, *tableau))
        return both[0], both[1]
    points = call.view(t_eval, 1, 1)
    found = call.run(
        "integration:at_times", f, parts, t0, t1, start, points, *tableau, _constant(call, pair.p)
    )
    return points, found


def _ends(call: LibraryCall, span: Value) -> tuple[Value, Value]:
    if isinstance(span, tuple) and len(span) == 2:
        return call.number(span[0]), call.number(span[1])
    view = call.view(span, 1, 1)
    return call.arrays.load(view, [Lit(0)]), call.arrays.load(view, [Lit(1)])


def _constant(call: LibraryCall, numbers: tuple[object, ...]) -> Value:
    """Numbers of a tableau as an array."""

    def literal(part: object) -> Value:
        return tuple(map(literal, part)) if isinstance(part, tuple) else Lit(part)  # type: ignore[arg-type]

    return call.calls.made(literal(numbers), "f", "tableau")


# ---- functions as arguments --------------------------------------------------------------------------


def _given(call: LibraryCall, function: Value, args: Value, names: tuple[str, ...]) -> Closure:
    """A function of `names` alone: further arguments are given to it."""
    if not isinstance(function, Closure):
        call.refused("of something that is no function of the program's", "it is called.", "give a function.")
    if args in (NONE, NOTHING):
        return function
    extra = args if isinstance(args, tuple) else (args,)
    more = [f"more_{k}" for k in range(len(extra))]
    text = f"def given({', '.join(names)}):\n    return called({', '.join([*names, *more])})\n"
    node = ast.parse(text).body[0]
    assert isinstance(node, ast.FunctionDef)
    env: dict[str, Value] = {"called": function, **dict(zip(more, extra, strict=True))}
    return Closure(node, Frame(function.frame.source, env), {})


# ---- roots ---------------------------------------------------------------------------------------------


def brentq(
    call: LibraryCall,
    f: Value,
    a: Value,
    b: Value,
    args: Value = NOTHING,
    xtol: Value = XTOL,
    rtol: Value = BRENT_RTOL,
    maxiter: Value = BRENT_STEPS,
) -> Value:
    """`scipy.optimize.brentq`."""
    numbers = [call.number(value) for value in (a, b, xtol, rtol)]
    most = call.whole_number(maxiter, "maxiter")
    return call.run("roots:bracketed", _given(call, f, args, ("x",)), *numbers, Lit(most))


def newton(
    call: LibraryCall,
    func: Value,
    x0: Value,
    fprime: Value = NONE,
    args: Value = NOTHING,
    tol: Value = NEWTON_TOL,
    maxiter: Value = NEWTON_STEPS,
    fprime2: Value = NONE,
    x1: Value = NONE,
    rtol: Value = ZERO,
) -> Value:
    """`scipy.optimize.newton` of a number: Newton's or the secant method."""
    if fprime2 != NONE:
        call.refused("with fprime2", "Halley's method is not read.", "leave it out.")
    f = _given(call, func, args, ("x",))
    guess, limits = call.number(x0), [call.number(tol), call.number(rtol)]
    most = Lit(call.whole_number(maxiter, "maxiter"))
    if fprime != NONE:
        return call.run("roots:by_tangents", f, _given(call, fprime, args, ("x",)), guess, *limits, most)
    second = call.run("roots:second_guess", guess) if x1 == NONE else call.number(x1)
    return call.run("roots:by_chords", f, guess, second, *limits, most)


def root_scalar(
    call: LibraryCall,
    f: Value,
    args: Value = NOTHING,
    method: Value = NONE,
    bracket: Value = NONE,
    xtol: Value = XTOL,
    rtol: Value = BRENT_RTOL,
    maxiter: Value = BRENT_STEPS,
) -> Value:
    """`scipy.optimize.root_scalar` with a bracket; the result has the parts `root` and `converged`."""
    if method not in (NONE, Word("brentq")) or not isinstance(bracket, tuple) or len(bracket) != 2:
        call.refused(
            "without a bracket, or by another method", "it is read as brentq.", "give bracket=(a, b)."
        )
    found = brentq(call, f, bracket[0], bracket[1], args, xtol, rtol, maxiter)
    return Record("object", Root, ("root", "converged"), (found, YES))


# ---- what is refused ------------------------------------------------------------------------------------

LOOP = "write the loop in the program (docs/integration.md)."


def refusal(why: str, fix: str) -> object:
    """A function of the library that has no derivative here."""

    def refused(call: LibraryCall, *args: Value, **options: Value) -> NoReturn:
        del args, options
        call.refused("inside a program", why, fix)

    return refused


odeint = refusal(
    "its steps are chosen inside LSODA, which cannot be differentiated.", "use solve_ivp with RK45."
)
quad = refusal(
    "its points are chosen inside QUADPACK.", "use np.trapezoid, or a Gauss rule with fixed points."
)
root = fsolve = refusal("which root it finds is decided inside MINPACK.", LOOP)
minimize = refusal("where it ends is decided inside the solver.", LOOP)
bisect = ridder = toms748 = brenth = refusal("only brentq is read.", "use brentq.")
