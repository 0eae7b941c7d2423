"""Derivatives that a program takes itself: which calls make one, and with which options."""

import ast
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from downslope.errors import Loc, UnsupportedError
from downslope.read.resolve import Missing, resolve
from downslope.read.source import Source

MAKERS = ("grad", "derivative", "value_and_grad", "jacobian", "hessian")
"""What gives a function of the same arguments."""
PRODUCTS: Mapping[str, int] = {"jvp": 3, "hvp": 3, "vjp": 0}
"""What gives numbers at once -> how many arguments it takes; 0 for a function and its arguments."""
MODES = ("auto", "formal", "dual", "forward", "reverse")
"""Modes that may be asked for inside a program; those that are not a sweep give the same numbers."""
OPTIONS = frozenset({"wrt", "mode", "engine", "delta", "sparse"})


@dataclass(frozen=True)
class Options:
    """`wrt` as it was given, whether the answer is a tuple, and the mode."""

    wrt: tuple[str | int, ...] | None = None
    several: bool = False
    mode: str = "auto"


def transform_of(value: object) -> str | None:
    """The name of one of our functions that differentiate; None for any other value.

    >>> transform_of(len) is None
    True
    """
    name = getattr(value, "__name__", "")
    ours = str(getattr(value, "__module__", "")).startswith("downslope.calculus")
    return name if ours and isinstance(name, str) and name in (*MAKERS, *PRODUCTS) else None


def is_derivative(value: object) -> bool:
    """Whether a value is a derivative that was made outside the program."""
    return not isinstance(value, type) and hasattr(value, "as_program") and hasattr(value, "origin")


def unknown_derivative(value: object) -> bool:
    """Whether a value is something of ours that differentiates, but tells nothing of the function in it."""
    ours = str(getattr(value, "__module__", "")).startswith("downslope.calculus")
    return ours and transform_of(value) is None and not is_derivative(value)


def options(node: ast.Call, first: int, source: Source) -> Options:
    """What a call asks for beyond its function: positional arguments from `first` on are `wrt` and `mode`.

    Raises `UnsupportedError` for an option that is not known when the program is read.
    """
    names = ("wrt", "mode")
    given = dict(zip(names, node.args[first:], strict=False))
    for keyword in node.keywords:
        if keyword.arg not in OPTIONS:
            raise _refused(source.loc(keyword.value), f"the option {keyword.arg}", "it is not read.")
        given[str(keyword.arg)] = keyword.value
    values = {name: _constant(value, name, source) for name, value in given.items()}
    place = source.loc(node)
    if values.get("delta") is not None or values.get("mode", "auto") not in MODES:
        raise _refused(place, "differences inside a program", "a quotient of differences is no derivative.")
    if values.get("sparse"):
        raise _refused(place, "a sparse matrix inside a program", "a program works on numbers and arrays.")
    wrt = values.get("wrt")
    alone = wrt is None or isinstance(wrt, str | int)
    listed = None if wrt is None else (wrt,) if alone else tuple(wrt)  # type: ignore[arg-type]  # a sequence
    if listed is not None and not all(isinstance(one, str | int) for one in listed):
        raise _refused(place, f"wrt={wrt!r}", "inputs are named, or given by position.")
    return Options(listed, not alone, str(values.get("mode", "auto")))  # type: ignore[arg-type]  # checked above


def _constant(node: ast.expr, name: str, source: Source) -> object:
    """The value of an option, which must not depend on the run."""
    if isinstance(node, ast.Tuple | ast.List):
        return tuple(_constant(element, name, source) for element in node.elts)
    if isinstance(node, ast.Constant):
        return node.value
    if (
        isinstance(node, ast.UnaryOp)
        and isinstance(node.op, ast.USub)
        and isinstance(node.operand, ast.Constant)
    ):
        return -node.operand.value  # type: ignore[operator]  # a position
    value = resolve(node, source.namespace)
    if isinstance(value, Missing) or not isinstance(value, str | int | tuple | list | None):
        raise _refused(
            source.loc(node), f"{name}={ast.unparse(node)}", "it must be known when the program is read."
        )
    return value


def _refused(place: Loc, what: str, why: str) -> UnsupportedError:
    return UnsupportedError(
        what,
        loc=place,
        why=why,
        fix="write the inputs as names, wrt='x', and the mode as 'forward' or 'reverse'.",
    )


def makes_derivative(node: ast.expr, source: Source) -> bool:
    """Whether an expression is a call that makes a derivative, such as `ds.grad(f)`."""
    return isinstance(node, ast.Call) and transform_of(resolve(node.func, source.namespace)) in MAKERS


def names_of_derivatives(body: Sequence[ast.stmt], source: Source) -> frozenset[str]:
    """The variables that are set to a derivative, or to what pulls cotangents back.

    The reader tells what each of them is; this is what may be called at all.
    """
    found: set[str] = set()
    for statement in body:
        for node in ast.walk(statement):
            call = node.value if isinstance(node, ast.Assign) else None
            if isinstance(call, ast.Call) and transform_of(resolve(call.func, source.namespace)):
                targets = (name for target in node.targets for name in ast.walk(target))  # type: ignore[attr-defined]
                found.update(name.id for name in targets if isinstance(name, ast.Name))
    return frozenset(found)
