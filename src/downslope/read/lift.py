"""Turn constants of a program, and of the helpers it calls, into inputs, without touching a file.

The program gets a keyword-only input for each constant. A helper that needs one gets a keyword-only
argument, and each call passes it on. The changed functions are compiled in copies of their own
namespaces, with the closure cells of the originals, so that reading and running see the same program.
"""

import ast
import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import CellType, CodeType, FunctionType
from typing import Any

from downslope.errors import UsageError
from downslope.read.callables import plain
from downslope.read.constants import Constant
from downslope.read.gather import uses
from downslope.read.literals import Place, place
from downslope.read.reach import Unit, passes, reached
from downslope.read.remake import NOTHING, Remaking, remakings
from downslope.read.scopes import defaults
from downslope.read.source import Source
from downslope.read.text import Definition

Symbols = Mapping[tuple[object, ...], str]


def lifted(source: Source, constants: Sequence[Constant], keeping: Sequence[str] = ()) -> Source:
    """The program with each constant as a keyword-only input named by its symbol.

    Its default is the old value. Keyword defaults of the program are inputs already. An argument with
    a structure of numbers as its default is no input any more, where one of its numbers is lifted or
    it is among those `keeping` theirs. Raises `UsageError` for a number that must stay whole (a loop
    bound, an index).

    >>> from downslope.read.constants import find_constants
    >>> from downslope.read.source import read_source
    >>> def half(x):
    ...     return 0.5 * x
    >>> def program(x):
    ...     return half(x)
    >>> found = find_constants(read_source(program))
    >>> new = lifted(read_source(program), found)
    >>> new.arguments, new.function(8.0), new.function(8.0, half_0_5_2=0.25)
    (('x', 'half_0_5_2'), 4.0, 2.0)
    """
    extra = [constant for constant in constants if constant.symbol not in source.arguments]
    for constant in constants:
        if constant.whole:
            raise UsageError(
                f"{constant.name} cannot be learnt or differentiated", loc=constant.loc,
                why=f"{constant.why}: it must stay a whole number.", fix="choose another constant.",
            )  # fmt: skip
    if not extra and not keeping:
        return source
    units = reached(source)
    symbols = {constant.key: constant.symbol for constant in extra}
    remade = remakings(units, symbols, keeping)
    plans = _plans(units, symbols, remade)
    starts = {constant.symbol: float(constant.value) for constant in extra}
    for plan in plans:
        plan.build(starts if not plan.unit.name else {})
    for plan in plans:
        plan.link()
    return plans[0].result


@dataclass
class _Plan:
    """What becomes of one function."""

    unit: Unit
    replaced: dict[Place, str]  # numbers and names that become symbols
    given: dict[Place, dict[str, str]]  # per call: defaults of the helper that it now passes
    needs: dict[str, None] = field(default_factory=dict)  # the symbols it must be given, in order
    callees: dict[Place, "_Plan"] = field(default_factory=dict)
    loosened: bool = False  # a positional-only default is lifted: it must be passed by name
    names: dict[int, str] = field(default_factory=dict)
    scope: dict[str, Any] = field(default_factory=dict)
    remade: Remaking = NOTHING  # structures that are made anew at its start
    result: Source = field(init=False)

    @property
    def changed(self) -> bool:
        """Whether the function needs a copy of its own."""
        return bool(self.needs) or self.loosened or not self.unit.name

    def build(self, starts: Mapping[str, float]) -> None:
        """Make the changed function; `starts` are the values of the program's new inputs."""
        source = self.unit.source
        self.result = source
        if not self.changed:
            return
        for plan in self.callees.values():
            self.names.setdefault(id(plan), f"__{plan.unit.name or 'program'}_{len(self.names)}")
        node: Definition = self.remade.begun(_Lift(self).visit(copy.deepcopy(source.written)))
        for symbol in self.needs:
            node.args.kwonlyargs.append(ast.copy_location(ast.arg(symbol), source.written))
            default = ast.copy_location(ast.Constant(starts[symbol]), source.written) if starts else None
            node.args.kw_defaults.append(default)
        if self.loosened:
            node.args.args, node.args.posonlyargs = [*node.args.posonlyargs, *node.args.args], []
        new_defaults = {symbol: starts[symbol] for symbol in self.needs if starts}
        gone = self.remade.gone
        function, self.scope = _compiled(node, source, new_defaults, gone)
        self.scope.update(self.remade.scope)
        kept = {name: value for name, value in source.defaults.items() if name not in gone}
        self.result = replace(
            source, written=node, function=source.rewrap(function),
            arguments=(*(name for name in source.arguments if name not in gone), *self.needs),
            defaults={**kept, **new_defaults}, namespace={**source.namespace, **self.remade.scope},
        )  # fmt: skip
        self.result.function.downslope_source = self.result  # type: ignore[attr-defined]  # functions have attributes

    def link(self) -> None:
        """Let the changed calls find the changed helpers."""
        names = {self.names[id(p)]: p.result.function for p in self.callees.values() if id(p) in self.names}
        self.scope.update(names)
        if self.changed:
            self.result.namespace.update(names)  # type: ignore[attr-defined]  # the copy made by build


def _plans(units: Sequence[Unit], symbols: Symbols, remade: Mapping[int, Remaking]) -> list[_Plan]:
    """A plan for each function; needs grow along the calls until none is missing."""
    plans = {id(unit): _plan(unit, symbols, remade.get(id(unit), NOTHING)) for unit in units}
    for plan in plans.values():
        plan.callees = {where: plans[id(callee)] for where, callee in plan.unit.calls.items()}
    grown = True
    while grown:
        grown = False
        for plan in plans.values():
            before = len(plan.needs)
            for callee in plan.callees.values():
                plan.needs |= callee.needs
            grown |= len(plan.needs) > before
    root = next(iter(plans.values()))
    root.needs = dict.fromkeys(symbols.values())
    for plan in plans.values():
        plan.callees = {w: p for w, p in plan.callees.items() if p.changed or w in plan.given}
    return list(plans.values())


def _plan(unit: Unit, symbols: Symbols, remade: Remaking) -> _Plan:
    file = unit.source.file
    replaced = {
        place(here.node): symbols[file, place(here.node)]
        for here in unit.nodes
        if isinstance(here.node, ast.expr) and (file, place(here.node)) in symbols
    }
    for here, origin in uses(unit):
        if isinstance(here.node, ast.expr) and origin.key in symbols:
            replaced[place(here.node)] = symbols[origin.key]
    given: dict[Place, dict[str, str]] = {}
    for here in unit.nodes:
        if isinstance(here.node, ast.Call) and place(here.node) in unit.calls:
            callee = unit.calls[place(here.node)]
            passed = _unpassed(here.node, callee, symbols) if callee.name else {}
            if passed:
                given[place(here.node)] = passed
    needs = dict.fromkeys(
        [*replaced.values(), *(s for names in given.values() for s in names.values()), *remade.needs]
    )
    positional = {id(argument) for argument in unit.source.written.args.posonlyargs}
    loosened = bool(unit.name) and any(
        id(argument) in positional and (file, place(node)) in symbols
        for argument, node in defaults(unit.source.written)
    )
    return _Plan(unit, replaced, given, needs, loosened=loosened, remade=remade)


def _unpassed(call: ast.Call, callee: Unit, symbols: Symbols) -> dict[str, str]:
    """Lifted defaults of a helper that a call leaves out: argument to symbol."""
    source = callee.source
    return {
        argument.arg: symbols[source.file, place(node)]
        for argument, node in defaults(source.written)
        if (source.file, place(node)) in symbols and not passes(call, source, argument.arg)
    }


def _compiled(
    node: Definition, source: Source, new_defaults: Mapping[str, float], gone: Sequence[str]
) -> tuple[Any, dict[str, Any]]:
    """The function that a changed tree stands for, with the original's cells, and its globals."""
    original: Any = plain(source.function)
    scope = dict(original.__globals__)
    code = _code(node, original.__code__.co_freevars, source.file)
    cells: dict[str, CellType] = dict(
        zip(original.__code__.co_freevars, original.__closure__ or (), strict=True)
    )
    closure = tuple(cells[name] for name in code.co_freevars)
    function = FunctionType(code, scope, original.__name__, _left(original, gone), closure or None)
    named = {k: v for k, v in (original.__kwdefaults__ or {}).items() if k not in gone}
    function.__kwdefaults__ = {**named, **new_defaults}
    return function, scope


def _left(original: Any, gone: Sequence[str]) -> tuple[Any, ...] | None:
    """The defaults of the arguments by position, without those of the arguments that are gone."""
    held = original.__defaults__ or ()
    names = original.__code__.co_varnames[: original.__code__.co_argcount]
    named = zip(names[len(names) - len(held) :], held, strict=True)
    return tuple(value for name, value in named if name not in gone) or None


def _code(node: Definition, free: Sequence[str], file: str) -> CodeType:
    """The code of a definition whose free names are variables of a function around it."""
    bare = copy.copy(node)
    bare.args = copy.copy(node.args)
    bare.args.defaults = [ast.Constant(None) for _ in node.args.defaults]
    if isinstance(bare, ast.FunctionDef):
        bare.decorator_list = []
    inner = bare if isinstance(bare, ast.FunctionDef) else ast.Expr(bare)
    around = ast.parse(f"def around({', '.join(free)}): pass")
    outer = around.body[0]
    assert isinstance(outer, ast.FunctionDef)
    outer.body = [inner]
    module = compile(ast.fix_missing_locations(around), file, "exec", dont_inherit=True)
    return _inner(_inner(module))


def _inner(code: CodeType) -> CodeType:
    return next(constant for constant in code.co_consts if isinstance(constant, CodeType))


class _Lift(ast.NodeTransformer):
    """Puts symbols in place of numbers, and passes them on in calls."""

    def __init__(self, plan: _Plan) -> None:
        self.plan = plan

    def visit_Constant(self, node: ast.Constant) -> ast.expr:  # the name ast requires
        return self._replaced(node)

    def visit_Name(self, node: ast.Name) -> ast.expr:  # the name ast requires
        return self._replaced(node)

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:  # the name ast requires
        new = self._replaced(node)
        return new if new is not node else self.generic_visit(node)

    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.AST:  # the name ast requires
        new = self._replaced(node)
        return new if new is not node else self.generic_visit(node)

    def visit_JoinedStr(self, node: ast.JoinedStr) -> ast.AST:  # the name ast requires
        return node  # text is not part of the result, and old Pythons place its parts wrongly

    def visit_Call(self, node: ast.Call) -> ast.AST:  # the name ast requires
        where = place(node)
        self.generic_visit(node)
        callee = self.plan.callees.get(where)
        if callee is None:
            return node
        passed = {**self.plan.given.get(where, {}), **{symbol: symbol for symbol in callee.needs}}
        node.keywords += [
            ast.keyword(argument, ast.copy_location(ast.Name(symbol, ast.Load()), node))
            for argument, symbol in passed.items()
        ]
        if callee.changed:
            node.func = ast.copy_location(ast.Name(self.plan.names[id(callee)], ast.Load()), node.func)
        return node

    def _replaced(self, node: ast.expr) -> ast.expr:
        where = place(node)
        symbol = self.plan.replaced.get(where) or self.plan.remade.uses.get(where)
        return node if symbol is None else ast.copy_location(ast.Name(symbol, ast.Load()), node)
