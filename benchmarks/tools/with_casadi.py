"""CasADi: a symbolic graph, its gradient, run by CasADi's own virtual machine."""

from typing import Any

from benchmarks.tools import Calls, places


def prepared(problem: Any, args: tuple[Any, ...]) -> Calls:
    """The symbols stand for the arguments that vary; numbers may share one vector."""
    import casadi

    symbols, value = problem.casadi(casadi, args)
    whole = casadi.vertcat(*[casadi.vec(symbol) for symbol in symbols])
    slopes = casadi.jacobian(value, whole)
    primal, gradient = casadi.Function("f", symbols, [value]), casadi.Function("g", symbols, [slopes])
    given = [args[i] for i in places(problem)]
    if len(symbols) == 1:
        given = [casadi.vertcat(*given)]
    return lambda: primal(*given), lambda: [gradient(*given).full().ravel()]
