"""Which variables the values of emitted code live in, and in which order they are set."""

from collections import Counter
from collections.abc import Iterator, Mapping

from downslope.emit.text import Text
from downslope.ir.nodes import (
    Block,
    Call,
    For,
    Function,
    Grow,
    If,
    Stmt,
    Store,
    While,
    blocks,
    operands,
    walk,
)
from downslope.passes.buffers import in_place


def ordered(pairs: list[tuple[str, Text]]) -> Iterator[tuple[str, str]]:
    """Assignments that happen at once, as a sequence: a variable is set after all that read it."""
    todo = list(pairs)
    while todo:
        free = next((p for p in todo if not any(p[0] in q[1].reads for q in todo if q is not p)), None)
        if free is None:
            yield ", ".join(p[0] for p in todo), ", ".join(p[1].text for p in todo)
            return
        todo.remove(free)
        yield free[0], free[1].text


def uses_of(function: Function) -> Counter[str]:
    """How often each value is read."""
    counts: Counter[str] = Counter(arg for arg in function.body.yields if isinstance(arg, str))
    for stmt in walk(function.body):
        counts.update(arg for arg in operands(stmt) if isinstance(arg, str))
        for block in blocks(stmt):
            counts.update(arg for arg in block.yields if isinstance(arg, str))
    return counts


def changed_in(stmt: Stmt) -> Iterator[str]:
    """The arrays that a store or a call changes, or those inside a branch or a loop."""
    for inner in (stmt, *(inner for block in blocks(stmt) for inner in walk(block))):
        match inner:
            case Store(array=array) | Grow(array=array):
                yield array
            case Call():
                yield from (array for _, array in in_place(inner))


class _Variables(dict[str, str]):
    """A value's variable; by default its own name."""

    def __missing__(self, name: str) -> str:
        return name


def variables(function: Function, uses: Mapping[str, int], root: Mapping[str, str]) -> Mapping[str, str]:
    """A loop's result lives in its carry's variable, and so does a start used nowhere else.

    Every version of an array lives in the variable of its buffer.
    """
    variable = _Variables()
    _share(function.body, variable, uses)
    first = {name: variable[buffer] for name, buffer in root.items()}
    variable.update(first)
    return variable


def _share(block: Block, variable: _Variables, uses: Mapping[str, int]) -> None:
    made: set[str] = set()
    for stmt in block.body:
        for inner in blocks(stmt):
            _share(inner, variable, uses)
        if isinstance(stmt, For | While):
            for carry, result in zip(stmt.carried, stmt.results, strict=True):
                if isinstance(carry.init, str) and carry.init in made and uses[carry.init] == 1:
                    variable[carry.name] = variable[carry.init]
                variable[result] = variable[carry.name]
            made.update(stmt.results)
        elif isinstance(stmt, If):
            made.update(stmt.results)
