"""The numbers of a program and its helpers, each once, with what is known of it but its final name."""

import ast
import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from downslope.read.bindings import bindings
from downslope.read.elements import Element
from downslope.read.literals import literal, place
from downslope.read.origin import Origin, Page, origin
from downslope.read.outside_wholes import default_parts, outside_parts, outside_uses
from downslope.read.reach import Unit, passes
from downslope.read.resolve import root
from downslope.read.role import FREE, Role, is_part, role
from downslope.read.scopes import Here, defaults
from downslope.read.wholes import UNWRITABLE, Kind, Part, Whole

FACTORS = frozenset({0, 1, 2, 0.5, 10, 12, 24, 60, 100, 365, 1000, 3600})
UNIT = re.compile(r"_PER_|MINUTES|SECONDS|HOURS|DAYS|PER_", re.IGNORECASE)


@dataclass(frozen=True)
class Candidate:
    """A number in a program. `key` is the same for each use of one number."""

    key: tuple[object, ...]
    label: str
    value: float | int
    kind: Kind
    page: Page
    node: ast.expr
    role: Role = FREE
    argument: str = ""
    module: str = field(default="", compare=False)
    part: Part | None = None  # where it stands in a structure


def candidates(units: Sequence[Unit]) -> list[Candidate]:
    """Every number that could be learnt, of the program first, then of its helpers."""
    found: dict[tuple[object, ...], Candidate] = {}
    calls = [each for unit in units for each in _calls(unit)]
    for unit in units:
        # Partials and closures of one definition share its defaults.
        reached_by = [(call, callee) for call, callee in calls if callee.definition == unit.definition]
        for each in (
            *_defaults(unit, reached_by),
            *_of_wholes(unit, default_parts(unit, units)),
            *_body(unit),
        ):
            found.setdefault(each.key, each)
    for each in (*_outside(units), *_of_wholes(units[0], outside_parts(units))):
        found.setdefault(each.key, each)
    return list(found.values())


def uses(unit: Unit) -> Iterator[tuple[Here, Origin]]:
    """The places where a function reads a number from outside itself."""
    known: dict[str, Origin | None] = {}
    wholes = {whole.name for _, whole in outside_uses(unit)}
    for here in unit.nodes:
        node = here.node
        if _in_whole(node, wholes):
            continue
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node.id not in here.bound:
            name = node.id
        elif isinstance(node, ast.Attribute) and (
            root(node) not in here.bound or _is_preset(unit, root(node))
        ):
            name = ast.unparse(node)
        else:
            continue
        if name not in known:
            known[name] = origin(unit.source, node)
        if (found := known[name]) is not None:
            yield here, found


def _in_whole(node: ast.AST, wholes: Collection[str]) -> bool:
    """Whether a node reads a member of a structure, whose numbers are constants of their own."""
    while isinstance(node, ast.Attribute):
        node = node.value
        if ast.unparse(node) in wholes:
            return True
    return False


def _is_preset(unit: Unit, name: str) -> bool:
    """Whether a name stands for an object that the function is bound to (`self`), and for nothing else in it."""
    again = [n for n in ast.walk(unit.source.written) if isinstance(n, ast.arg) and n.arg == name]
    return name in unit.source.preset and len(again) == 1 and name not in unit.stores


def _outside(units: Sequence[Unit]) -> Iterator[Candidate]:
    """Module constants and closure variables; one that several functions read is one."""
    origins: dict[tuple[object, ...], tuple[Origin, Unit, str]] = {}
    roles: dict[tuple[object, ...], list[Role]] = {}
    for unit in units:
        for here, found in uses(unit):
            assert isinstance(here.node, ast.expr)
            origins.setdefault(found.key, (found, unit, ast.unparse(here.node)))
            roles.setdefault(found.key, []).append(role(here.node, unit.parents, found.value))
    for key, (found, unit, spelled) in origins.items():
        # Functions made by one definition share its literals, but each has variables of its own.
        owner = unit.called if found.key[0] == "cell" else unit.name
        own = found.kind in ("closure variable", "attribute") and owner
        off = found.off or _unit(found.name)
        part = Role(off, _joined(roles[key]).whole) if off else _joined(roles[key])
        yield Candidate(
            key, f"{owner}.{spelled}" if own else spelled, found.value, found.kind, found.page, found.node,
            part, module=_module(unit),
        )  # fmt: skip


def _of_wholes(unit: Unit, found: Iterable[tuple[Whole, Element, Role]]) -> Iterator[Candidate]:
    """The numbers in structures."""
    for whole, element, part in found:
        off = Role(UNWRITABLE) if element.node is None and not part.why else part
        label = f"{unit.name}.{whole.name}" if unit.name else whole.name
        yield Candidate(
            whole.key_of(element), label + element.suffix, element.value, whole.kind, whole.page,
            element.node or whole.node, off, module=_module(unit), part=Part(whole, element.path, element.suffix),
        )  # fmt: skip


def _calls(unit: Unit) -> Iterator[tuple[ast.Call, Unit]]:
    for here in unit.nodes:
        if isinstance(here.node, ast.Call) and place(here.node) in unit.calls:
            yield here.node, unit.calls[place(here.node)]


def _defaults(unit: Unit, calls: Sequence[tuple[ast.Call, Unit]]) -> Iterator[Candidate]:
    """Defaults of a function's own arguments, as they were when it was defined."""
    for argument, node in defaults(unit.source.written):
        name, value = argument.arg, literal(node)
        off = Role(_unit(name))
        held = unit.source.defaults.get(name)
        if name in unit.source.preset:
            continue
        if value is None or (not unit.name and held != value):  # a partial may hold another number
            if unit.name or isinstance(held, bool) or not isinstance(held, int | float):
                continue
            value, off = held, Role("its default is not one literal, so it cannot be written back")
        if unit.name and all(passes(call, callee.source, name) for call, callee in calls):
            off = Role("every call gives this argument a value")
        part = off if off.why else _of_name(unit, name, value)
        yield _candidate(unit, node, value, name, "default", part, "" if unit.name else name)


def _body(unit: Unit) -> Iterator[Candidate]:
    for here in unit.nodes:
        node = here.node
        if isinstance(node, ast.FunctionDef):
            yield from _nested_defaults(unit, here, node)
        elif _is_number(node, unit):
            assert isinstance(node, ast.expr)
            yield _number(unit, here, node)


def _nested_defaults(unit: Unit, here: Here, node: ast.FunctionDef) -> Iterator[Candidate]:
    for argument, default in defaults(node):
        value = literal(default)
        if value is None:
            continue
        off = _unit(argument.arg)
        part = Role(off) if off else _of_name(unit, argument.arg, value)
        label = ".".join((*here.inside, node.name, argument.arg))
        yield _candidate(unit, default, value, label, "default", part)


def _is_number(node: ast.AST, unit: Unit) -> bool:
    """Whether a node is a whole literal, and no default of a nested function, which has a name of its own."""
    return literal(node) is not None and not is_part(node, unit.parents) and not _is_default(node, unit)


def _is_default(node: ast.AST, unit: Unit) -> bool:
    parent = unit.parents.get(node)
    return isinstance(parent, ast.arguments) and isinstance(unit.parents.get(parent), ast.FunctionDef)


def _number(unit: Unit, here: Here, node: ast.expr) -> Candidate:
    """A number in the body: named by what it is assigned to, else by itself and its line."""
    value = literal(node)
    assert value is not None
    line = unit.source.loc(node).line
    name = _assigned_to(node, unit)
    if name:
        part = Role(_unit(name)) if _unit(name) else _of_name(unit, name, value)
        changes = _changes(unit, name, node)
        label = f"{name}@{line}" if _other_numbers(unit, name, node) else name
        part = Role(changes, part.whole) if changes else part
        return _candidate(unit, node, value, ".".join((*here.inside, label)), "assigned", part)
    part = role(node, unit.parents, value)
    if part is FREE and isinstance(value, int) and _to_function(node, unit):
        part = Role("it is a whole number given to a function, which may count with it")
    if part is FREE and value in FACTORS:
        part = Role("it looks like a conversion of units")
    return _candidate(unit, node, value, ".".join((*here.inside, f"{value!r}@{line}")), "inline", part)


def _to_function(node: ast.expr, unit: Unit) -> bool:
    """Whether a number is given as it is to a helper, or to a function inside this one."""
    parent = unit.parents.get(node)
    call = unit.parents.get(parent) if isinstance(parent, ast.keyword) else parent
    if not isinstance(call, ast.Call):
        return False
    inner = {h.node.name for h in unit.nodes if isinstance(h.node, ast.FunctionDef)}
    return place(call) in unit.calls or (isinstance(call.func, ast.Name) and call.func.id in inner)


def _candidate(
    unit: Unit, node: ast.expr, value: float | int, label: str, kind: Kind, part: Role, argument: str = ""
) -> Candidate:
    label = f"{unit.name}.{label}" if unit.name else label
    page = Page.of(unit.source)
    return Candidate((page.file, place(node)), label, value, kind, page, node, part, argument, _module(unit))


def _module(unit: Unit) -> str:
    return str(unit.source.namespace.get("__name__", "")).rpartition(".")[2]


def _assigned_to(node: ast.expr, unit: Unit) -> str:
    """The variable that a number is assigned to, by itself or in a tuple."""
    parent = unit.parents.get(node)
    if isinstance(parent, ast.Tuple):
        position, around = parent.elts.index(node), unit.parents.get(parent)
        if not isinstance(around, ast.Assign) or len(around.targets) != 1:
            return ""
        target = around.targets[0]
        fits = isinstance(target, ast.Tuple) and len(target.elts) == len(parent.elts)
        return _named(target.elts[position]) if fits and isinstance(target, ast.Tuple) else ""
    match parent:
        case ast.Assign(targets=[target]) | ast.AnnAssign(target=target):
            return _named(target)
    return ""


def _named(target: ast.expr) -> str:
    return target.id if isinstance(target, ast.Name) else ""


def _of_name(unit: Unit, name: str, value: float | int) -> Role:
    """The role of a named number: that of its uses, if none of them lets a derivative through."""
    reads = unit.reads.get(name, [])
    changed = any(isinstance(store, ast.AugAssign) for store in unit.stores.get(name, ()))
    if not reads and not changed:
        return Role("it is not used")
    return _joined([role(node, unit.parents, value) for node in reads] + [FREE] * changed)


def _joined(roles: Sequence[Role]) -> Role:
    """Several uses of one number: it may be learnt if one of them lets a derivative through."""
    whole = any(each.whole for each in roles)
    why = roles[0].why if all(each.why for each in roles) else ""
    if whole and not why:
        why = next(each.why for each in roles if each.whole)
    return Role(why, whole) if why else FREE


def _changes(unit: Unit, name: str, node: ast.expr) -> str:
    """Why a number only starts a variable: another statement computes it anew from itself, or in a loop."""
    for store in unit.stores.get(name, ()):
        again = isinstance(store, ast.AugAssign | ast.For) or _reads(store, name)
        if again or _loops(unit, store) - _loops(unit, node):
            return "it starts a variable that changes"
    return ""


def _reads(node: ast.Assign | ast.AnnAssign, name: str) -> bool:
    value = node.value
    return value is not None and any(isinstance(n, ast.Name) and n.id == name for n in ast.walk(value))


def _loops(unit: Unit, node: ast.AST | None) -> set[ast.AST]:
    found: set[ast.AST] = set()
    while node is not None:
        if isinstance(node, ast.For | ast.While):
            found.add(node)
        node = unit.parents.get(node)
    return found


def _other_numbers(unit: Unit, name: str, node: ast.expr) -> bool:
    """Whether the variable gets another number, or is an argument, so that its line must tell them apart."""
    if name in unit.arguments:
        return True
    bound = [b for store in unit.stores.get(name, ()) for b in bindings([store], name)]
    return any(b is not node and isinstance(b, ast.expr) and literal(b) is not None for b in bound)


def _unit(name: str) -> str:
    return "its name says it is a conversion of units" if UNIT.search(name) else ""
