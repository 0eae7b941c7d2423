"""Single operations with native code's arithmetic, for running IR step by step."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from downslope.emit.python import emit
from downslope.ir.nodes import Arg, Block, Call, Function, Let, Lit, Param
from downslope.ir.types import Kind
from downslope.native.compiled import interpreted
from downslope.native.whole import WHOLE


class Steps:
    """What ops give for values of their arguments; each is made when it is first needed.

    >>> Steps()(Let("y", "divide", (Lit(1.0), "x")), (1.0, 0.0))
    inf
    """

    def __init__(self) -> None:
        self._made: dict[tuple[str, ...], Callable[..., Any]] = {}

    @staticmethod
    def routine(stmt: Call, values: Sequence[Any]) -> tuple[Any, ...]:
        """What the routine of a call gives."""
        found = WHOLE[stmt.callee.routine](*values)
        return found if isinstance(found, tuple) else (found,)

    def __call__(self, stmt: Let, values: Sequence[Any]) -> Any:
        """The op of a statement on values; literals of the statement stay literals."""
        pairs = list(zip(stmt.args, values, strict=True))
        key = (stmt.op, *(repr(a) if isinstance(a, Lit) else type(v).__name__ for a, v in pairs))
        if key not in self._made:
            self._made[key] = _made(stmt, values)
        found = self._made[key](*(value for arg, value in pairs if not isinstance(arg, Lit)))
        return found.item() if isinstance(found, np.generic) else found


def _made(stmt: Let, values: Sequence[Any]) -> Callable[..., Any]:
    names = [f"x{i}" for i in range(len(values))]
    args: tuple[Arg, ...] = tuple(
        arg if isinstance(arg, Lit) else name for arg, name in zip(stmt.args, names, strict=True)
    )
    given: dict[str, Kind] = {
        name: "b" if isinstance(value, bool) else "i" if isinstance(value, int) else "f"
        for name, value in zip(names, values, strict=True)
        if name in args
    }
    params = tuple(Param(name, name) for name in given)
    return interpreted(
        emit(Function("step", params, Block((Let("y", stmt.op, args),), ("y",))), given), "step"
    )
