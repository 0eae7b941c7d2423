"""Find the numbers in a program that data could teach better, and say which are proposed and why."""

import ast
import keyword
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from downslope.errors import Loc, UsageError, close_to
from downslope.read.element_names import below, canonical
from downslope.read.gather import Candidate, candidates, uses
from downslope.read.origin import Page
from downslope.read.reach import Unit, reached
from downslope.read.scopes import bound_in
from downslope.read.source import Source
from downslope.read.wholes import Kind, Part


@dataclass(frozen=True)
class Constant:
    """A number in the source: its name, value and place, and whether learning it is proposed.

    `symbol` is the input that it becomes when it is lifted; `key` tells it from every other number;
    `whole` says that it must stay a whole number, so that it cannot be lifted; `part` is its place in a
    structure.
    """

    name: str
    value: float | int
    loc: Loc
    kind: Kind
    proposed: bool
    why: str
    symbol: str
    node: ast.expr = field(compare=False, repr=False)
    key: tuple[object, ...] = field(default=(), compare=False, repr=False)
    page: Page = field(default=Page("", ""), compare=False, repr=False)
    whole: bool = field(default=False, repr=False)
    part: Part | None = field(default=None, compare=False, repr=False)

    @property
    def many(self) -> bool:
        """Whether it is one of more numbers in a structure than are learnt unasked."""
        return self.part is not None and self.part.whole.many

    @property
    def argument(self) -> str:
        """The argument of the program that it is the default of, by itself or in a structure."""
        return self.part.whole.argument if self.part else self.symbol


def find_constants(source: Source) -> tuple[Constant, ...]:
    """The constants of a program and of the user's helpers that it calls, file by file in source order.

    Proposed are keyword defaults, module constants, assigned numbers and inline numbers; not those
    that are structural (range bounds, indices, integer exponents), only compared, the start of an
    accumulator, or a conversion of units. A helper's constant is named after it (`helper.speed`).
    Numbers of installed packages and of the standard library (`math.pi`) are not listed.

    >>> from downslope.read.source import read_source
    >>> def trip(d, speed=30.0):
    ...     return 60 * d / speed
    >>> [(c.name, c.kind, c.proposed) for c in find_constants(read_source(trip))]
    [('speed', 'default', True), ('60@2', 'inline', False)]
    """
    units = reached(source)
    found = candidates(units)
    files = list(dict.fromkeys([source.file, *(each.page.file for each in found)]))
    found.sort(key=lambda c: (files.index(c.page.file), c.node.lineno, c.node.col_offset))
    names = _names(found)
    symbols = _symbols(found, names, units)
    return tuple(_constant(*each) for each in zip(found, names, symbols, strict=True))


def _constant(found: Candidate, name: str, symbol: str) -> Constant:
    off = found.role.why
    return Constant(
        name, found.value, found.page.loc(found.node), found.kind, not off,
        off or "it enters the result", symbol, found.node, found.key, found.page, found.role.whole,
        found.part,
    )  # fmt: skip


def pick(constants: Sequence[Constant], names: Iterable[str]) -> tuple[Constant, ...]:
    """The constants of these names; that of a structure stands for all numbers in it that can vary.

    Raises `UsageError`, with the closest name, for one not found.
    """
    by_name = {constant.name: constant for constant in constants}
    chosen = []
    for asked in names:
        name = canonical(asked)
        parts = [by_name[each] for each in below(name, by_name)]
        if name not in by_name and parts:
            chosen += [part for part in parts if not part.whole] or parts
            continue
        if name not in by_name:
            raise UsageError(
                f"the program has no constant {name!r}",
                why=f"it has: {', '.join(by_name) or 'none'}.",
                fix=close_to(name, by_name, "list them with `downslope constants`."),
            )
        chosen.append(by_name[name])
    return tuple(dict.fromkeys(chosen))


def _names(found: Sequence[Candidate]) -> list[str]:
    """Labels made unambiguous (an input keeps its name): by the module where files differ, by the column, at last by a number."""
    labels = [each.label for each in found]
    steps: tuple[Callable[[Candidate, str], str], ...] = (
        lambda each, label: f"{each.module or Path(each.page.file).stem}.{label}",
        lambda each, label: f"{label}:{each.page.loc(each.node).col}",
        lambda each, label: f"{label}:{found.index(each)}",
    )
    for step in steps:
        many = Counter(labels)
        files = {
            label: {c.page.file for c, own in zip(found, labels, strict=True) if own == label}
            for label in many
        }
        one_file = step is steps[0]
        labels = [
            step(each, label)
            if many[label] > 1 and not each.argument and not (one_file and len(files[label]) == 1)
            else label
            for each, label in zip(found, labels, strict=True)
        ]
    return labels


def _symbols(found: Sequence[Candidate], names: Sequence[str], units: Sequence[Unit]) -> list[str]:
    """For each constant the name of an input, which no function of the program uses for anything else."""
    spelled: dict[str, set[object]] = {}
    for unit in units:
        for here, origin in uses(unit):
            if isinstance(here.node, ast.Name):
                spelled.setdefault(here.node.id, set()).add(origin.key)
    taken = {name for unit in units for name in _identifiers(unit)}
    bound = {name for unit in units for name in _bound(unit)}
    result: list[str] = []
    for each, name in zip(found, names, strict=True):
        symbol = each.argument or name
        own = spelled.get(symbol) == {each.key} and symbol not in bound
        if not each.argument and not own:
            symbol = _identifier(name)
            while symbol in taken or symbol in result:
                symbol += "_"
        result.append(symbol)
    return result


def _identifier(name: str) -> str:
    text = re.sub(r"\W+", "_", name).strip("_")
    return text if text.isidentifier() and not keyword.iskeyword(text) else f"c_{text}"


def _identifiers(unit: Unit) -> Iterator[str]:
    for node in ast.walk(unit.source.written):
        match node:
            case ast.Name(id=name) | ast.arg(arg=name) | ast.FunctionDef(name=name):
                yield name


def _bound(unit: Unit) -> Iterator[str]:
    for node in ast.walk(unit.source.written):
        if isinstance(node, ast.FunctionDef | ast.Lambda):
            yield from bound_in(node)
