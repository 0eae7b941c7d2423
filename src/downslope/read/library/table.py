"""Which function of the reader stands for which function of a library."""

import ast
import inspect
from collections.abc import Callable, Mapping

from downslope.errors import UnsupportedError
from downslope.ir.nodes import Lit
from downslope.read.frames import Frame, Value
from downslope.read.library import factors, linear_algebra, norms, series, sums
from downslope.read.library.call import Host, LibraryCall
from downslope.read.views import Word
from downslope.rules.composites import COMPOSITES

MODULES = (linear_algebra, factors, norms, sums, series)
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

    def value(part: ast.expr) -> Value:
        if isinstance(part, ast.Constant) and isinstance(part.value, str):
            return Word(part.value)
        if isinstance(part, ast.UnaryOp) and isinstance(part.op, ast.USub):
            inner = value(part.operand)
            if isinstance(inner, Lit) and type(inner.value) in (int, float):
                return Lit(-inner.value)  # type: ignore[operator]  # it is a number
        return expression(part, frame)

    run = LIBRARY[name]
    args = [value(argument) for argument in node.args]
    keywords = {str(keyword.arg): value(keyword.value) for keyword in node.keywords}
    call = LibraryCall(host, name, [*args, *keywords.values()])
    try:
        inspect.signature(run).bind(call, *args, **keywords)
    except TypeError as error:
        _, *known = inspect.signature(run).parameters
        raise UnsupportedError(
            f"{ast.unparse(node)} with these arguments",
            loc=host.place,
            why=f"{error}; the arguments that are read are {', '.join(known)}.",
            fix="leave the others out.",
        ) from error
    return run(call, *args, **keywords)
