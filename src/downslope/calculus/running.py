"""The modes that run the user's own function and do not read it: dual numbers and differences."""

from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

from downslope.calculus.program import Program, by_position
from downslope.calculus.run import Mode, raised
from downslope.errors import DownslopeError, UsageError
from downslope.modes.dual import dual_higher
from downslope.modes.numeric import ridders, two_point
from downslope.modes.running import running


@dataclass(frozen=True)
class FunctionRunner:
    """Value and derivatives of a program by running it.

    `inner` is what is differentiated: the user's function, or for a higher order a derivative of it;
    `path` are the inputs by which the function has been differentiated before.
    """

    read: Program
    inner: Callable[..., Any]
    path: tuple[str, ...]
    wrt: tuple[str, ...]
    mode: Mode
    delta: float | None = None

    def __call__(self, values: list[Any]) -> tuple[float, ...]:
        """The value, then the derivative by each of `wrt`. Raises `ProgramError` where the program raises."""
        source = self.read.source
        try:
            return tuple(map(float, self._dual(values) if self.mode == "dual" else self._differences(values)))
        except DownslopeError:
            raise
        except Exception as error:
            raise raised(source, values, error) from error

    def _dual(self, values: list[Any]) -> list[Any]:
        run = by_position(self.read.source, self.read.source.function)
        before = [self.read.position(name) for name in self.path]
        orders = [before, *([*before, self.read.position(name)] for name in self.wrt)]
        return [dual_higher(run, values, order) for order in orders]

    def _differences(self, values: list[Any]) -> list[Any]:
        run = by_position(self.read.source, self.inner)
        with nullcontext() if self.path else running():  # a derivative that is differenced stays what it is
            return [run(*values), *(self._difference(run, values, name) for name in self.wrt)]

    def _difference(self, run: Callable[..., Any], values: list[Any], name: str) -> float:
        position = self.read.position(name)
        if isinstance(values[position], int):
            raise UsageError(
                f"{name} is a whole number here",
                why="differences move it by less than one.",
                fix="hold it fixed.",
            )

        def along(x: float) -> float:
            return float(run(*values[:position], x, *values[position + 1 :]))

        x = float(values[position])
        return ridders(along, x).value if self.delta is None else two_point(along, x, self.delta)
