"""Costs of a row that are no function of a residual: likelihoods, and functions of the user's own.

The cost's program is put behind the program that is fitted; the sum over rows of what both give together
is differentiated like every program.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import replace

from downslope.errors import UsageError
from downslope.ir.names import Names
from downslope.ir.nodes import Block, Function, Let, Lit, Param, names_of
from downslope.ir.rename import renamed
from downslope.modes.inner import expanded
from downslope.native.rows import TARGET
from downslope.passes.simplify import simplified
from downslope.read.source import read_source


def poisson(rate: float, count: float) -> float:
    """Minus the log-likelihood of a count, up to what the count alone decides (half the deviance)."""
    return rate - count + (count * math.log(count / rate) if count > 0.0 else 0.0)


def gaussian(mean: float, spread: float, value: float) -> float:
    """Minus the log-likelihood of normal noise whose size the program gives too, without log √2π."""
    return 0.5 * ((value - mean) / spread) ** 2 + math.log(spread)


COSTS: Mapping[str, Callable[..., float]] = {"poisson": poisson, "gaussian": gaussian}


NEEDS = {"poisson": "one result, the rate", "gaussian": "two results, mean and spread"}


def is_cost(loss: object) -> bool:
    """Whether a loss is one of these: `poisson`, `gaussian`, a function, or `FILE.py:FUNCTION`.

    >>> is_cost("poisson"), is_cost("huber:2.5"), is_cost("mine.py:cost"), is_cost(poisson)
    (True, False, True, True)
    """
    return callable(loss) or (isinstance(loss, str) and (loss in COSTS or ".py:" in loss))


def name_of(loss: Callable[..., float] | str) -> str:
    """What a loss is called."""
    return loss if isinstance(loss, str) else str(getattr(loss, "__name__", "cost"))


def composed(program: Function, loss: Callable[..., float] | str) -> Function:
    """The cost of a row: the loss of what the program returns and of a further input, the target.

    Raises `UsageError` where the loss takes another number of arguments than the program returns
    results, and one for the target; `UnsupportedError` for a loss that cannot be differentiated.
    """
    source = read_source(COSTS[loss] if isinstance(loss, str) and loss in COSTS else loss)
    second = simplified(expanded(source).function)
    results = program.body.yields
    if len(second.params) != len(results) + 1 or not second.scalar:
        raise UsageError(
            f"the loss {name_of(loss)} takes {len(second.params)} arguments"
            + ("" if second.scalar else " and returns several results"),
            loc=None if loss in COSTS else source.loc(source.node),
            why=f"{program.name} returns {len(results)} result{'s' * (len(results) != 1)}: a loss takes these, then the "
            "target, and returns one number.",
            fix=f"let it return {NEEDS[str(loss)]}." if loss in COSTS else "change the one or the other.",
        )
    names = Names(names_of(program))
    target = Param(names.fresh("target"), TARGET)
    new = {name: names.fresh(name) for name in sorted(names_of(second))}
    given = [
        Let(new[param.name], "add", (value, Lit(0.0)), second.loc)
        for param, value in zip(second.params, (*results, target.name), strict=True)
    ]
    behind = renamed(second.body, new)
    body = Block((*program.body.body, *given, *behind.body), behind.yields)
    return simplified(replace(program, params=(*program.params, target), body=body, scalar=True))
