"""downslope: the program as it is."""

from typing import Any

from benchmarks.tools import Calls


def prepared(problem: Any, args: tuple[Any, ...]) -> Calls:
    """Gradient by `ds.grad`; the primal is the same code without derivatives."""
    import downslope as ds

    slopes = ds.grad(problem.primal, problem.WRT)
    primal: list[Any] = []

    def run() -> Any:
        if not primal:
            primal.append(_primal(problem))
        return primal[0](args)

    return run, lambda: slopes(*args)


def _primal(problem: Any) -> Any:
    from downslope.calculus.program import program
    from downslope.calculus.shaped import Transformed, shaped_values

    read, names = program(problem.primal, problem.WRT)
    made = Transformed(read, names, lambda function, *_: function, "native")
    return lambda args: made(shaped_values(read, args, {}, names)[0])[0]
