"""Constraints on constants: functions that must be 0, or 0 or more, differentiated as programs are."""

import ast
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from downslope.errors import UsageError
from downslope.fitting.functions import Formula, given
from downslope.fitting.objective import Array
from downslope.fitting.search import Mask
from downslope.fitting.ties import Ties

Words: TypeAlias = Callable[..., Any] | str | Mapping[str, Any]
FORMS = "'a + b <= 10', 'a == 2 * b', a function that must be 0 or more, or {'type': 'eq', 'fun': function}"
NEAR = 1e-6  # of a constraint's scale: so near to 0 it may be active
MET = 1e-9  # of a constraint's scale: it is met


@dataclass(frozen=True)
class Constraint:
    """A function of the free constants, (p,), that must be 0 (`equal`) or not negative."""

    words: str
    formula: Formula
    equal: bool


def constraints_of(words: Sequence[Words] | Words, ties: Ties) -> tuple[Constraint, ...]:
    """Constraints as texts, functions, or SciPy's dicts. Raises `UsageError`, `UnsupportedError`.

    >>> from downslope.read.constants import find_constants
    >>> from downslope.read.source import read_source
    >>> def trip(d, speed=30.0, slow=20.0):
    ...     return d / speed + d / slow
    >>> ties = Ties(find_constants(read_source(trip)), (), ())
    >>> found = constraints_of(["0 <= speed - slow <= 5"], ties)
    >>> [(each.words, each.formula.value(np.array([30.0, 20.0]))) for each in found]
    [('0 <= speed - slow', 10.0), ('speed - slow <= 5', -5.0)]
    """
    if callable(words) or isinstance(words, str | Mapping):
        words = [words]
    return tuple(each for one in words for each in _read(one, ties))


def _read(words: Words, ties: Ties) -> list[Constraint]:
    if isinstance(words, str) and ".py:" not in words:
        return [_made(text, body, equal, ties) for text, body, equal in _compared(words)]
    equal = False
    function: Any = words
    if isinstance(words, Mapping):
        kind, function = words.get("type"), words.get("fun")
        if set(words) - {"type", "fun"} or kind not in ("eq", "ineq") or function is None:
            raise UsageError(
                f"the constraint {dict(words)!r}", why="its type is 'eq' or 'ineq', its fun a function.",
                fix=f"give {FORMS}.",
            )  # fmt: skip
        equal = kind == "eq"
    if not callable(function) and not isinstance(function, str):
        raise UsageError(
            f"the constraint {function!r} is no function",
            why="nothing says what must hold.",
            fix=f"give {FORMS}.",
        )
    found = given("a constraint", function, ties.every)
    said = f"{found.words} {'==' if equal else '>='} 0"
    return [Constraint(said, ties.formula(f"the constraint {said}", found), equal)]


def _made(text: str, body: str, equal: bool, ties: Ties) -> Constraint:
    found = given(f"the constraint {text}", body, ties.every)
    return Constraint(text, ties.formula(f"the constraint {text}", found), equal)


def _compared(text: str) -> list[tuple[str, str, bool]]:
    """Each comparison of a text: its words, the expression that is compared with 0, and whether it must be 0."""
    try:
        tree = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError) as error:
        raise UsageError(
            f"the constraint {text!r} is no expression", why=f"{error}.", fix=f"give {FORMS}."
        ) from error
    if not isinstance(tree, ast.Compare) or not all(
        isinstance(o, ast.LtE | ast.GtE | ast.Eq) for o in tree.ops
    ):
        raise UsageError(
            f"the constraint {text!r} does not say what must hold",
            why="it compares two sides with <=, >= or ==; whether a limit itself is allowed makes no difference to numbers.",
            fix=f"give {FORMS}.",
        )
    found = []
    sides = [ast.unparse(side) for side in (tree.left, *tree.comparators)]
    for low, high, sign in zip(sides, sides[1:], tree.ops, strict=False):
        mark = {ast.LtE: "<=", ast.GtE: ">=", ast.Eq: "=="}[type(sign)]
        first, second = (high, low) if isinstance(sign, ast.LtE) else (low, high)
        found.append((f"{low} {mark} {high}", f"({first}) - ({second})", isinstance(sign, ast.Eq)))
    return found


@dataclass(frozen=True)
class Region:
    """What constants may be: constraints, then the finite bounds, as rows c(x) = 0 or c(x) >= 0."""

    constraints: tuple[Constraint, ...]
    names: tuple[str, ...]
    lower: Array
    upper: Array
    unit: Array  # (p,) typical sizes

    @property
    def count(self) -> int:
        """Number of the constraints that are no bounds."""
        return len(self.constraints)

    @property
    def equal(self) -> Mask:
        """(m,) which rows must be 0; a constant that is held is a bound of its own."""
        held = (self.lower == self.upper)[self._lows]
        return np.array(
            [*(each.equal for each in self.constraints), *held, *[False] * len(self._highs)], dtype=bool
        )

    @property
    def words(self) -> list[str]:
        """(m) what the rows say."""
        lows = [f"{self.names[i]} >= {self.lower[i]:g}" for i in self._lows]
        highs = [f"{self.names[i]} <= {self.upper[i]:g}" for i in self._highs]
        return [*(each.words for each in self.constraints), *lows, *highs]

    @property
    def _lows(self) -> list[int]:
        return np.flatnonzero(np.isfinite(self.lower)).tolist()

    @property
    def _highs(self) -> list[int]:
        return [i for i in np.flatnonzero(np.isfinite(self.upper)).tolist() if self.lower[i] < self.upper[i]]

    def values(self, x: Array) -> Array:
        """(m,) the rows at x."""
        own = [each.formula.value(x) for each in self.constraints]
        lows, highs = self._lows, self._highs
        return np.array([*own, *(x - self.lower)[lows], *(self.upper - x)[highs]])

    def slopes(self, x: Array) -> Array:
        """(m, p) their derivatives."""
        unit = np.eye(len(x))
        own = [each.formula.slope(x) for each in self.constraints]
        return np.array([*own, *unit[self._lows], *-unit[self._highs]]).reshape(-1, len(x))

    def scales(self, slopes: Array) -> Array:
        """(m,) by how much the rows change when the constants change by their sizes."""
        found = np.abs(slopes) @ self.unit
        return np.asarray(np.where(found > 0.0, found, 1.0))

    def excess(self, x: Array) -> Array:
        """(m,) how far each row is from being met, 0 where it is, in units of its scale."""
        values = self.values(x) / self.scales(self.slopes(x))
        return np.asarray(np.where(self.equal, np.abs(values), np.maximum(0.0, -values)))

    def broken(self, x: Array) -> list[str]:
        """The words of the rows that are not met at x."""
        return [word for word, far in zip(self.words, self.excess(x), strict=True) if far > MET]

    def near(self, x: Array) -> Mask:
        """(m,) the rows that may hold with equality at x."""
        values = self.values(x) / self.scales(self.slopes(x))
        return np.asarray(self.equal | (values <= NEAR))
