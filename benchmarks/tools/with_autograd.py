"""HIPS autograd: NumPy with a tape."""

from typing import Any

from benchmarks.tools import Calls, places


def prepared(problem: Any, args: tuple[Any, ...]) -> Calls:
    """Each call records its tape anew."""
    import autograd
    import autograd.numpy as anp

    function = problem.autograd(anp)
    gradient = autograd.grad(function, tuple(places(problem)))
    return lambda: function(*args), lambda: gradient(*args)
