"""Which function of the reader stands for which function of a library."""

import ast
import inspect
from collections.abc import Callable, Mapping

from downslope.errors import UnsupportedError
from downslope.ir.nodes import Lit
from downslope.read.callables import is_helper
from downslope.read.frames import Closure, Frame, Value
from downslope.read.library import factors, functions, linear_algebra, norms, series, splines, sums
from downslope.read.library.call import Host, LibraryCall
from downslope.read.resolve import number, resolve, row_of
from downslope.read.source import read_source
from downslope.read.views import Word
from downslope.rules.composites import COMPOSITES

MODULES = (linear_algebra, factors, norms, sums, series, functions, splines)
LIBRARY: Mapping[str, Callable[..., Value]] = {
    name: next(getattr(m, short) for m in MODULES if hasattr(m, short))
    for name in COMPOSITES
    for short in [name.rpartition(".")[2]]
}
"""By the names of `rules.composites`; each takes the call and the arguments as NumPy names them."""


def library_call(
    host: Host, name: str, node: ast.Call, frame: Frame, expression: Callable[[ast.expr, Frame], Value]
) -> Value:
    """What a call of a library function gives. Raises `UnsupportedError` where its arguments are not read."""
    run = LIBRARY[name]
    args, keywords = arguments(node, frame, expression)
    return bound(LibraryCall(host, name, [*args, *keywords.values()]), run, args, keywords, node)


def spline_call(
    host: Host, spline: object, node: ast.Call, frame: Frame, expression: Callable[[ast.expr, Frame], Value]
) -> Value:
    """What a call of a spline gives that was made outside the program."""
    args, keywords = arguments(node, frame, expression)
    call = LibraryCall(host, ast.unparse(node.func), [*args, *keywords.values()])
    return bound(
        call, lambda call, x, nu=splines.ZERO: splines.constant(call, spline, x, nu), args, keywords, node
    )


def arguments(
    node: ast.Call, frame: Frame, expression: Callable[[ast.expr, Frame], Value]
) -> tuple[list[Value], dict[str, Value]]:
    """The arguments of a call, by position and by name."""

    def value(part: ast.expr) -> Value:
        if isinstance(part, ast.Constant) and isinstance(part.value, str):
            return Word(part.value)
        if isinstance(part, ast.UnaryOp) and isinstance(part.op, ast.USub):
            inner = value(part.operand)
            if isinstance(inner, Lit) and type(inner.value) in (int, float):
                return Lit(-inner.value)  # type: ignore[operator]  # it is a number
        given = function(part, frame)
        return expression(part, frame) if given is None else given

    args = [value(argument) for argument in node.args]
    return args, {str(keyword.arg): value(keyword.value) for keyword in node.keywords}


def bound(
    call: LibraryCall,
    run: Callable[..., Value],
    args: list[Value],
    keywords: dict[str, Value],
    node: ast.Call,
) -> Value:
    """What a function of the reader gives. Raises `UnsupportedError` for arguments that it does not have."""
    signature = inspect.signature(run)
    try:
        signature.bind(call, *args, **keywords)
    except TypeError as error:
        _, *known = signature.parameters
        raise UnsupportedError(
            f"{ast.unparse(node)} with these arguments",
            loc=call.host.place,
            why=f"{error}; the arguments that are read are {', '.join(known)}.",
            fix="leave the others out.",
        ) from error
    return run(call, *args, **keywords)


def function(node: ast.expr, frame: Frame) -> Closure | None:
    """An argument that is a function: a nested or another one of the program's, or a lambda."""
    if isinstance(node, ast.Lambda):
        return Closure(node, frame, {})
    if not isinstance(node, ast.Name | ast.Attribute):
        return None
    found = frame.find(node.id) if isinstance(node, ast.Name) else None
    if found is not None:
        return found if isinstance(found, Closure) else None
    target = resolve(node, frame.source.namespace)
    if not callable(target) or row_of(target) is not None or not is_helper(target):
        return None
    source = read_source(target)
    numbers = {name: number(value) for name, value in {**source.defaults, **source.preset}.items()}
    known: dict[str, Value] = {name: Lit(value) for name, value in numbers.items() if value is not None}
    return Closure(source.node, Frame(source, known), known)
