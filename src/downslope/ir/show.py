"""IR as readable text: one statement a line, each group of lines beside the user's line it comes from."""

from collections.abc import Iterable, Iterator

from downslope.errors import Loc
from downslope.ir.nodes import (
    Arg,
    Block,
    Call,
    Carry,
    Dim,
    Fail,
    For,
    Function,
    Grow,
    If,
    Let,
    Like,
    Lit,
    Load,
    New,
    Pop,
    Push,
    Stmt,
    Store,
    While,
)

COLUMN = 56
"""Where the user's line stands."""


def shown(function: Function) -> str:
    """The function as text: `name = op(arguments)`, and what blocks hand on after `->`.

    Only for people: nothing reads it back.

    >>> from downslope.ir.nodes import Param
    >>> square = Let("y", "multiply", ("x", Lit(2)))
    >>> print(shown(Function("f", (Param("x", "x"),), Block((square,), ("y",)))))
    function f(x)
      y = multiply(x, 2)
      return y
    """
    labels = ", ".join(p.name if p.name == p.label else f"{p.name}: {p.label}" for p in function.params)
    writer = _Writer()
    lines = [f"function {function.name}({labels})", *writer.block(function.body, 1, "return")]
    return "\n".join(lines)


class _Writer:
    def __init__(self) -> None:
        self._line = 0

    def block(self, block: Block, indent: int, last: str) -> Iterator[str]:
        """The statements, and what the block hands to its owner (nothing if it hands on nothing)."""
        for stmt in block.body:
            yield from self.statement(stmt, indent)
        if block.yields:
            yield self.line(indent, f"{last} {_listed(block.yields)}", None)

    def statement(self, stmt: Stmt, indent: int) -> Iterator[str]:
        match stmt:
            case Let(name=name, op=op, args=args):
                yield self.line(indent, f"{name} = {op}({_listed(args)})", stmt.loc)
            case Load() | Store() | Grow() | New() | Like() | Dim():
                yield self.line(indent, _of_array(stmt), stmt.loc)
            case If():
                yield from self.branch(stmt, indent)
            case For():
                bounds = _listed((stmt.start, stmt.stop, stmt.step))
                head = f"for {stmt.index} in range({bounds}){_carrying(stmt.carried)}"
                yield self.line(indent, head, stmt.loc)
                yield from self.passes(stmt, indent)
            case While():
                yield self.line(indent, f"while{_carrying(stmt.carried)}", stmt.loc)
                yield from self.block(stmt.test, indent + 2, "if not, stop:")
                yield from self.passes(stmt, indent)
            case Call(results=results, callee=callee, args=args):
                yield self.line(indent, f"{_listed(results)} = call {callee.name}({_listed(args)})", stmt.loc)
            case Fail(exception=exception):
                yield self.line(indent, f"raise {exception}", stmt.loc)
            case Push(values=values):
                yield self.line(indent, f"push {_listed(values)}", stmt.loc)
            case Pop(names=names, pushed=pushed):
                yield self.line(indent, f"pop {_listed(names)} (pushed as {_listed(pushed)})", stmt.loc)

    def branch(self, stmt: If, indent: int) -> Iterator[str]:
        yield self.line(indent, f"if {_arg(stmt.cond)}", stmt.loc)
        yield from self.block(stmt.then, indent + 1, "yield")
        if stmt.orelse.body or stmt.orelse.yields:
            yield self.line(indent, "else", None)
            yield from self.block(stmt.orelse, indent + 1, "yield")
        yield from self.results(stmt.results, indent)

    def passes(self, stmt: For | While, indent: int) -> Iterator[str]:
        yield from self.block(stmt.body, indent + 1, "next")
        if stmt.until is not None:
            yield self.line(indent + 1, f"stop if next {stmt.carried[stmt.until].name}", None)
        yield from self.results(stmt.results, indent)

    def results(self, names: tuple[str, ...], indent: int) -> Iterator[str]:
        if names:
            yield self.line(indent, f"-> {_listed(names)}", None)

    def line(self, indent: int, text: str, loc: Loc | None) -> str:
        """One line, with the user's line beside it where that is another than before."""
        line = "  " * indent + text
        if loc is None or loc.line == self._line:
            return line
        self._line = loc.line
        return f"{line:<{COLUMN}}  # {loc.line}: {loc.text.strip()}"


def _of_array(stmt: Load | Store | Grow | New | Like | Dim) -> str:
    match stmt:
        case Load():
            return f"{stmt.name} = {stmt.array}[{_listed(stmt.index)}]"
        case Store():
            return f"{stmt.name} = {stmt.array} with [{_listed(stmt.index)}] = {_arg(stmt.value)}"
        case Grow():
            return f"{stmt.name} = {stmt.array} with room for {_arg(stmt.least)}"
        case New():
            return f"{stmt.name} = new {stmt.type} ({_listed(stmt.shape)}) of {_arg(stmt.fill)}"
        case Like():
            return f"{stmt.name} = zeros like {stmt.array}"
        case Dim():
            return f"{stmt.name} = length {stmt.axis} of {stmt.array}"


def _arg(value: Arg) -> str:
    if isinstance(value, Lit):
        return "unset" if value.value is None else repr(value.value)
    return value


def _listed(values: Iterable[Arg]) -> str:
    return ", ".join(map(_arg, values))


def _carrying(carried: tuple[Carry, ...]) -> str:
    pairs = ", ".join(f"{carry.name} = {_arg(carry.init)}" for carry in carried)
    return f" carrying {pairs}" if pairs else ""
