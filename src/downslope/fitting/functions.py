"""Functions of a program's constants: texts such as "1.2 * day_speed", and Python functions.

Either becomes a program, so that its derivatives are taken as those of every program.
"""

import ast
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from downslope.calculus.program import Program
from downslope.calculus.run import Runner
from downslope.errors import ProgramError, UsageError, close_to
from downslope.fitting.objective import Array
from downslope.ir.nodes import Function, Lit
from downslope.modes.forward import forward
from downslope.modes.inner import expanded
from downslope.passes.simplify import simplified
from downslope.read.constants import Constant
from downslope.read.element_names import canonical
from downslope.read.source import Source, from_text, read_source

WORDS: Mapping[str, object] = {
    **{name: value for name, value in vars(math).items() if not name.startswith("_")},
    **{value.__name__: value for value in (abs, min, max)},
    "math": math,
    "np": np,
}
"""What a text may use besides constants."""


@dataclass(frozen=True)
class Given:
    """A function that the user gave: what it is called, and which constant each of its arguments is."""

    words: str
    source: Source
    symbols: tuple[str, ...]  # of its arguments, in their order

    def call(self, name: str) -> str:
        """The text of its call, where it is known as `name` and constants by their symbols."""
        pairs = zip(self.source.arguments, self.symbols, strict=True)
        return f"{name}({', '.join(f'{own}={symbol}' for own, symbol in pairs)})"


def given(what: str, words: Callable[..., Any] | str, constants: Sequence[Constant]) -> Given:
    """A function of constants from a text, a function, or `FILE.py:FUNCTION`; `what` is it for messages.

    Raises `UsageError` for a text that is no expression, and for a name that is no constant of these.
    """
    if isinstance(words, str) and ".py:" not in words:
        return _of_text(what, words, constants)
    if not callable(words) and not isinstance(words, str):
        raise UsageError(
            f"{what} is {words!r}",
            why="it is a text such as '1.2 * speed', or a function of constants.",
            fix="give one of these.",
        )
    source = read_source(words)
    needed = [name for name in source.arguments if name not in source.defaults]
    if not needed:
        raise UsageError(
            f"{what} takes no constant", loc=source.loc(source.node),
            why="its arguments without a default are the constants it is of.", fix="name its arguments after them.",
        )  # fmt: skip
    symbols = tuple(_symbol(what, name, constants) for name in needed)
    return Given(words if isinstance(words, str) else _said(source), _needing(source, needed), symbols)


def _said(source: Source) -> str:
    """What a function is called: a lambda by its text."""
    return ast.unparse(source.node.body) if isinstance(source.node, ast.Lambda) else source.name


def _needing(source: Source, needed: Sequence[str]) -> Source:
    """The program with its other arguments at their defaults."""
    if len(needed) == len(source.arguments):
        return source
    text = f"def {source.name}({', '.join(needed)}):\n    return given({', '.join(f'{n}={n}' for n in needed)})\n"
    return from_text(text, {"given": source.function}, f"<{source.name}>")


def _of_text(what: str, text: str, constants: Sequence[Constant]) -> Given:
    try:
        tree = ast.parse(text.strip(), mode="eval")
    except (SyntaxError, ValueError) as error:
        raise UsageError(
            f"{what} is {text!r}", why=f"it is no expression: {error}.", fix="write e.g. '1.2 * speed'."
        ) from error
    found = dict.fromkeys(
        ast.unparse(node) for node in _names(tree.body) if ast.unparse(node) not in _words(constants)
    )
    if not found:
        raise UsageError(
            f"{what} is {text!r}, which names no constant",
            why="it would never change.",
            fix=f"name one of {_listed(constants)}; a value that is not learnt is given with fixed.",
        )
    symbols = {name: _symbol(what, name, constants) for name in found}
    body = ast.unparse(_Renamed(symbols).visit(tree))
    arguments = ", ".join(symbols.values())
    source = from_text(f"def formula({arguments}):\n    return {body}\n", WORDS, f"<{what}>")
    return Given(text.strip(), source, tuple(symbols.values()))


def _words(constants: Sequence[Constant]) -> set[str]:
    """What a text may use: a constant of the same name goes first."""
    return set(WORDS) - {constant.name for constant in constants}


def _names(node: ast.expr) -> Iterator[ast.expr]:
    """Names, dotted ones and elements (`speeds[0]`), but for functions of `math` and `np`."""
    if isinstance(node, ast.Name | ast.Subscript):
        yield node
    elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name | ast.Attribute | ast.Subscript):
        if not ast.unparse(node).startswith(("math.", "np.")):
            yield node
    else:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.expr):
                yield from _names(child)
            elif isinstance(child, ast.keyword):
                yield from _names(child.value)


class _Renamed(ast.NodeTransformer):
    """Names of constants to their symbols."""

    def __init__(self, symbols: Mapping[str, str]) -> None:
        self.symbols = symbols

    def visit(self, node: ast.AST) -> ast.AST:
        """The node, or a symbol in its place."""
        if isinstance(node, ast.expr) and ast.unparse(node) in self.symbols:
            return ast.copy_location(ast.Name(self.symbols[ast.unparse(node)], ast.Load()), node)
        renamed: ast.AST = super().visit(node)
        return renamed


def _symbol(what: str, name: str, constants: Sequence[Constant]) -> str:
    for constant in constants:
        if name == constant.symbol or canonical(name) == constant.name:
            return constant.symbol
    raise UsageError(
        f"{what} names {name!r}, which is not learnt",
        why=f"learnt are {_listed(constants)}.",
        fix=close_to(name, [constant.name for constant in constants], "check the name, or learn it too."),
    )


def _listed(constants: Sequence[Constant]) -> str:
    return ", ".join(constant.name for constant in constants)


@dataclass(frozen=True)
class Formula:
    """A function of all constants: its value and first and second derivatives, run as plain Python."""

    what: str
    source: Source
    function: Function

    @classmethod
    def of(cls, what: str, source: Source) -> "Formula":
        """From a program of numbers. Raises `UsageError` where it returns several or no numbers, or only jumps."""
        function = simplified(expanded(source).function)
        if len(function.body.yields) != 1 or not function.scalar:
            raise UsageError(
                f"{what} returns {len(function.body.yields)} results", loc=source.loc(source.node),
                why="it is one number.", fix="give a function for each.",
            )  # fmt: skip
        made = cls(what, source, function)
        if all(isinstance(each, Lit) and each.value == 0.0 for each in made._tangents.body.yields[1:]):
            raise UsageError(
                f"{what} cannot be differentiated by any constant",
                why="it is the same for all their values, or changes only in jumps, as a comparison does.",
                fix="give a function that changes smoothly: a - b for a > b.",
            )
        return made

    @property
    def _params(self) -> list[str]:
        return [param.name for param in self.function.params]

    def _run(self, function: Function) -> Runner:
        return Runner(Program(self.source, self.function), (), lambda *_: function, "python")

    @cached_property
    def _tangents(self) -> Function:
        return forward(self.function, self._params)

    @cached_property
    def _value(self) -> Runner:
        return self._run(self.function)

    @cached_property
    def _first(self) -> Runner:
        return self._run(self._tangents)

    def value(self, x: Array) -> float:
        """The value at x, (p,)."""
        return self._finite(x, self._value(x.tolist()))[0]

    def slope(self, x: Array) -> Array:
        """(p,) the first derivatives."""
        return np.array(self._finite(x, self._first(x.tolist()))[1:])

    def _finite(self, x: Array, out: Sequence[float]) -> Sequence[float]:
        if not np.isfinite(out).all():
            values = zip((param.label for param in self.function.params), x, strict=True)
            raise NotFinite(
                f"{self.what} has no finite value, or derivative",
                why=f"at {', '.join(f'{name} = {value:.6g}' for name, value in values)}.",
                fix="start from other values, or guard the operation.",
            )
        return out


class NotFinite(ProgramError):
    """A function of constants has no finite value or derivative."""
