"""Python syntax -> IR: each value gets one name, helpers are expanded where they are called."""

import ast
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from functools import partial

from downslope.errors import ArrayExpected, UnsupportedError
from downslope.ir.names import Names
from downslope.ir.nodes import Arg, Block, Fail, Function, If, Let, Lit, Param, Stmt, names_of, walk
from downslope.ir.rename import renamed
from downslope.ir.structure import LEAF, Fixed, Shape, Structure, labels
from downslope.ir.types import ArrayType, Kind
from downslope.read.array_table import called
from downslope.read.calling import check_arguments, check_results, numbers_and_arrays, whole_of
from downslope.read.choices import Again, Key, key_of
from downslope.read.classes import FUNCTIONS, MISSING, attribute_of, is_readable
from downslope.read.comprehensions import FOLDED, Comprehension, as_function, counted
from downslope.read.differentiated import Differentiate, not_here
from downslope.read.fence import fence
from downslope.read.frames import UNSET, Choice, Closure, Frame, Known, Literal, Record, Thing, Value, flat
from downslope.read.inner import InnerReader
from downslope.read.library.splines import is_spline
from downslope.read.library.table import library_call, spline_call
from downslope.read.literals import decided
from downslope.read.merging import nothing
from downslope.read.object_reader import ObjectReader
from downslope.read.packing import free_values
from downslope.read.passed import DEEPEST as MOST_INSIDE
from downslope.read.passed import passed
from downslope.read.recursion import ApartReader, Table
from downslope.read.resolve import number, resolve, row_of
from downslope.read.source import Source, read_source
from downslope.read.structure import RESULT, is_procedure, leaves, structured
from downslope.read.views import Lazy, Listed, View
from downslope.rules import RULES, helpers_of
from downslope.rules.custom import CustomDerivative, stop_gradient
from downslope.rules.kinds import OPERATORS
from downslope.rules.programs import named

DEEPEST = 20_000
"""Python's own calls while a program is read: a chain of helpers takes some for each."""


@dataclass(frozen=True)
class Lowered:
    """A program as IR. `result` is the structure of what it returns, `changed` the arguments it changes."""

    function: Function
    result: Shape
    changed: frozenset[str] = frozenset()


def lower(source: Source, kinds: Sequence[Kind] = ()) -> Function:
    """The program as one IR function; its parameters are its arguments, in order.

    `kinds` are the types of the arguments; without them, all are floats. Raises `UnsupportedError` with
    every place that cannot be differentiated, which is also each derivative that the program takes itself:
    `modes.inner.expanded` reads these.
    """
    return lowered(source, kinds).function


def lowered(
    source: Source,
    kinds: Sequence[Kind] = (),
    shapes: Sequence[Shape] = (),
    differentiate: Differentiate = not_here,
) -> Lowered:
    """The program as IR for arguments of given structures: a parameter per leaf, and a type per parameter.

    `differentiate` expands the derivatives that the program takes itself.
    """
    most = sys.getrecursionlimit()
    sys.setrecursionlimit(max(most, DEEPEST))
    try:
        return _told_apart(source, kinds, shapes, differentiate)
    finally:
        sys.setrecursionlimit(most)


def _told_apart(
    source: Source, kinds: Sequence[Kind], shapes: Sequence[Shape], differentiate: Differentiate
) -> Lowered:
    fence(source)
    given = list(shapes) or [LEAF for _ in source.arguments]
    names = [n for a, s in zip(source.arguments, given, strict=True) for n in labels(s, a)]
    stretched = any(isinstance(kind, ArrayType) and kind.stretched for kind in kinds)
    every: list[Kind] = [_plain(kind) for kind in kinds] or ["f" for _ in names]
    apart: frozenset[Key] = frozenset()
    while True:
        lowerer = _Lowerer(differentiate)
        lowerer.whole.stretching.anywhere = stretched
        try:
            return _lowered(lowerer, source, every, given, names, apart)
        except Again as again:
            apart |= again.keys
        except UnsupportedError as error:
            if kinds or not lowerer.objects.state:
                raise
            # With objects around, an argument that was taken for a number may well be one.
            raise ArrayExpected(problems=error.problems) from error


def _plain(kind: Kind) -> Kind:
    return replace(kind, stretched=False) if isinstance(kind, ArrayType) else kind


def _lowered(
    lowerer: "_Lowerer",
    source: Source,
    kinds: Sequence[Kind],
    given: Sequence[Shape],
    names: Sequence[str],
    apart: frozenset[Key],
) -> Lowered:
    """The program with these variables told apart when it runs. Raises `Again` where more of them must be."""
    lowerer.arrays.apart = apart
    params = lowerer.parameters(names, kinds)
    leaf = iter([lowerer.parameter(param, kind) for param, kind in zip(params, kinds, strict=True)])
    env = _preset(source)
    env |= {a: lowerer.structure(s, leaf, a) for a, s in zip(source.arguments, given, strict=True)}
    arguments = {name: list(lowerer.objects.things(env[name], {})) for name in source.arguments}
    value = lowerer.function(source.node, Frame(source, env))
    outputs = lowerer.outputs(value)
    name, loc = getattr(source.node, "name", "program"), source.loc(source.node)
    several = isinstance(value, tuple | Record | Thing)
    whole = Function(
        name, tuple(params), Block((*lowerer.tables.made, *lowerer.out), outputs), not several, loc
    )
    changed = {n for n, things in arguments.items() if any(lowerer.objects.changes[t] for t in things)}
    return Lowered(_apart(whole, lowerer.names), lowerer.result(value), frozenset(changed))


def lower_apart(
    source: Source,
    kinds: Sequence[Kind],
    like: Sequence[int],
    what: str,
    differentiate: Differentiate = not_here,
) -> Function:
    """A derivative program as the body of a callee; its results have the shapes of the arguments `like`.

    It stores into none of its arguments, and its results share no memory with them or with one another.
    Raises `UnsupportedError` for what cannot be read, or where its results do not fit.
    """
    fence(source)
    check_arguments(source, kinds, what)
    lowerer = _Lowerer(differentiate)
    params = lowerer.parameters(source.arguments, kinds)
    values = [lowerer.parameter(param, kind) for param, kind in zip(params, kinds, strict=True)]
    value = lowerer.function(source.node, Frame(source, dict(zip(source.arguments, values, strict=True))))
    results = check_results(source, lowerer.known(value), [kinds[place] for place in like], what)
    outputs = lowerer.fresh_results(results, [values[place] for place in like], values)
    lowerer.check_unchanged(source, values, what)
    whole = Function(
        what, params, Block((*lowerer.tables.made, *lowerer.out), outputs), False, source.loc(source.node)
    )
    return _apart(whole, lowerer.names)


def lower_given(
    source: Source, kinds: Sequence[Kind], differentiate: Differentiate = not_here
) -> tuple[Function, tuple[Kind | None, ...]]:
    """A function whose derivative is given, as the body of a callee, and the types of its results."""
    fence(source)
    lowerer = _Lowerer(differentiate)
    params = lowerer.parameters(source.arguments, kinds)
    values = [lowerer.parameter(param, kind) for param, kind in zip(params, kinds, strict=True)]
    value = lowerer.function(source.node, Frame(source, dict(zip(source.arguments, values, strict=True))))
    results = lowerer.settled(lowerer.known(value), "result")
    found = numbers_and_arrays(source, results)
    outputs = lowerer.fresh_results(found, found, values)
    lowerer.check_unchanged(source, values, source.name)
    types = tuple(
        ArrayType(one.buffer.type.element, one.rank) if isinstance(one, View) else None for one in found
    )
    body = Block(tuple(lowerer.out), outputs)
    whole = Function(source.name, params, body, not isinstance(results, tuple), source.loc(source.node))
    return _apart(whole, lowerer.names), types


def _apart(function: Function, names: Names) -> Function:
    """The function with new names for variables called like a function that its code will call."""
    ops = {stmt.op for stmt in walk(function.body) if isinstance(stmt, Let)}
    new = {name: names.fresh(name) for name in sorted(helpers_of(ops, names_of(function)))}
    if not new:
        return function
    params = tuple(replace(param, name=new.get(param.name, param.name)) for param in function.params)
    return replace(function, params=params, body=renamed(function.body, new))


class _Lowerer(ApartReader, InnerReader, ObjectReader):
    def __init__(self, differentiate: Differentiate, table: Table | None = None) -> None:
        super().__init__(table)
        self.differentiate = differentiate
        self.inside: list[ast.FunctionDef | ast.Lambda] = []  # the passed and nested functions being read

    def another(self) -> "_Lowerer":
        """A reader for the body of a function that is called."""
        return _Lowerer(self.differentiate, self.table)

    def apart(self, function: Function) -> Function:
        """The function with new names for variables called like a function that its code will call."""
        return _apart(function, self.names)

    def parameters(self, names: Sequence[str], kinds: Sequence[Kind]) -> tuple[Param, ...]:
        """The parameters of a function, one for each name."""
        return tuple(
            Param(self.names.fresh(name), name, kind if isinstance(kind, ArrayType) else None)
            for name, kind in zip(names, kinds, strict=True)
        )

    def parameter(self, param: Param, kind: Kind) -> Value:
        """What an argument is inside the program."""
        if param.array is not None:
            return self.arrays.parameter(param.name, param.label, param.array)
        if kind == "i":
            self.arrays.numbers.whole(param.name)
        return param.name

    def structure(self, shape: Shape, leaves: Iterator[Value], label: str) -> Value:
        """An argument of a structure inside the program."""
        if isinstance(shape, Fixed):
            return Known(shape.value)
        if not isinstance(shape, Structure):
            return next(leaves)
        parts = [self.structure(part, leaves, label) for part in shape.parts]
        return self.objects.made(shape.holder, shape.cls, dict(zip(shape.keys, parts, strict=True)), label)

    def result(self, value: Value) -> Shape:
        """The structure of what the program returns."""
        held = self.objects.held(value)
        if held is None:
            return Fixed(value.value) if isinstance(value, Known) else LEAF
        return Structure(held.holder, held.cls, held.keys, tuple(map(self.result, held.parts)))

    def outputs(self, value: Value) -> tuple[Arg, ...]:
        """What the program returns: numbers and arrays."""
        held = self.objects.held(value)
        if held is not None:
            return tuple(output for part in held.parts for output in self.outputs(part))
        if isinstance(value, Known):
            return ()
        if isinstance(value, View | Lazy):
            settled = value if isinstance(value, View) and value.whole else self.whole.materialised(value)
            return (self.arrays.current[settled.buffer],)
        if isinstance(value, Listed):
            raise self.unsupported(
                "a list as the result of a program",
                "a result is a number, an array or a tuple: its derivative has the same form.",
                "return np.array(...) of it.",
            )
        return flat(self.known(value))

    # ---- functions ---------------------------------------------------------------------------

    def function(self, node: ast.FunctionDef | ast.Lambda, frame: Frame) -> Value:
        if isinstance(node, ast.Lambda):
            self.place = frame.source.loc(node.body)
            return self.expression(node.body, frame)
        shape = structured(node.body)
        frame.until = shape.until
        self.merging.frames.append(frame)
        try:
            self.block(shape.body, frame)
        finally:
            self.merging.frames.pop()
        if is_procedure(node) and not (RESULT not in frame.env and leaves(node.body)):
            return nothing(node.name)
        if RESULT not in frame.env:  # every path raises
            return UNSET
        return frame.env[RESULT]

    def call_closure(self, found: Closure, node: ast.Call, frame: Frame) -> Value:
        """A call of a nested function or a lambda."""
        return self.closure_value(found, self.bind(found.node, node, frame, found.defaults))

    def closure_value(self, found: Closure, given: Mapping[str, Value]) -> Value:
        """What a nested function or a lambda returns for these arguments."""
        around, graph, source = found.frame.source.node, self.table.graph, found.frame.source
        again = graph.nested_calls_itself(found.node, around)
        if again or graph.nested_too_long(found.node, around, source):
            own = {found.node.name: found} if isinstance(found.node, ast.FunctionDef) else {}
            return self.call_apart(found.node, source, {**own, **free_values(found), **given}, not again)
        if self.inside.count(found.node) == MOST_INSIDE:
            raise self.unsupported(
                f"more than {MOST_INSIDE} calls of {getattr(found.node, 'name', 'a lambda')!r} inside one another",
                "a function that is given itself as an argument is expanded without end.",
                "let it call itself by its name.",
            )
        self.inside.append(found.node)
        try:
            with self.pinned() if found.ours else nullcontext():
                return self.inlined(found.node, Frame(source, dict(given), parent=found.frame))
        finally:
            self.inside.pop()

    def call(self, node: ast.Call, frame: Frame, hint: str) -> Value:
        derivative = self.derivative_call(node, frame)
        if derivative is not None:
            return derivative
        found = frame.find(node.func.id) if isinstance(node.func, ast.Name) else None
        if found is not None:
            found = self.known(found)
        if isinstance(found, Known | Thing | Record):
            return self.called_value(found, node, frame)
        if isinstance(found, str | Lit | View | Lazy):
            raise self.no_array(f"{ast.unparse(node.func)!r} is called, but it is no function")
        if isinstance(node.func, ast.Call):
            return self.called_value(self.expression(node.func, frame), node, frame)
        if isinstance(found, Closure):
            return self.call_closure(found, node, frame)
        method = self.method(node, frame, hint)
        if method is not None:
            return method
        target = resolve(node.func, frame.source.namespace)
        if is_spline(target):
            return spline_call(self, target, node, frame, self.option)
        if id(target) in FUNCTIONS:
            return self.on_structures(target, node, frame)
        if is_readable(target):
            return self.constructed(target, node, frame)  # type: ignore[arg-type]  # a class
        owner = (
            resolve(node.func.value, frame.source.namespace) if isinstance(node.func, ast.Attribute) else None
        )
        if is_readable(owner):
            return self.of_known(Known(owner), node.func.attr, node, frame)  # type: ignore[attr-defined]  # an attribute
        row = row_of(target)
        if row is not None and row.library:
            return library_call(self, row.name, node, frame, self.option)
        if row is not None and (row.array or (row.name == "where" and len(node.args) == 1)):
            return self.array_call(row.name, node, frame, hint)
        if row is not None:
            if row.name in FOLDED and isinstance(node.args[0], ast.ListComp | ast.GeneratorExp):
                return self.inlined(as_function(node.args[0], row.name, *node.args[1:2]), _inside(frame))
            values = [self.expression(argument, frame) for argument in node.args]
            values += [self.expression(keyword.value, frame) for keyword in node.keywords]
            values = [self.spread(value) for value in values]
            if getattr(target, "__module__", "") == "math" and any(
                isinstance(v, View | Lazy) for v in values
            ):
                raise self.unsupported(
                    f"{ast.unparse(node.func)} of an array", "it takes a number.", f"use numpy.{row.name}."
                )
            return (
                self.builtin(row.name, values, node, frame) if row.builtin else self.apply(row.name, values)
            )
        if target is stop_gradient:
            (value,) = (self.expression(argument, frame) for argument in node.args)
            return self.stopped(value, hint, lower_apart)
        if isinstance(target, CustomDerivative):
            return self.call_given(target, node, frame, hint)
        helper = read_source(target)  # type: ignore[arg-type]  # the fence checked that it is a function
        inner = self.bind(helper.node, node, frame, self.fixed(helper, node, frame), tuple(helper.preset))
        return self.helper_value(target, helper, inner)

    def helper_value(self, target: object, helper: Source, given: Mapping[str, Value]) -> Value:
        """What a function from outside returns for these arguments."""
        env = {**_preset(helper), **given}
        again = self.table.graph.calls_itself(target)
        if again or self.table.graph.too_long(target):
            return self.call_apart(helper.node, helper, env, not again)
        return self.inlined(helper.node, Frame(helper, env))

    def call_given(self, custom: CustomDerivative, node: ast.Call, frame: Frame, hint: str) -> Value:
        """A call of a function whose derivative is given."""
        helper = read_source(custom.function)
        bound = self.bind(helper.node, node, frame, self.fixed(helper, node, frame), tuple(helper.preset))
        apart = partial(lower_apart, differentiate=self.differentiate)
        given = partial(lower_given, differentiate=self.differentiate)
        return self.given_call(custom, [bound[name] for name in helper.arguments], hint, apart, given)

    def comprehended(self, node: Comprehension, frame: Frame, hint: str) -> Value:
        """The list that a comprehension makes."""
        inner = _inside(frame)
        if not counted(node):
            return self.inlined(as_function(node, "list"), inner)
        passes = self.counted_from_zero(self.passes(node.generators[0].iter, frame))
        if passes.items is not None:
            return Literal(self.one_value(node, item, inner, hint) for item in passes.items)

        def element(index: Sequence[Arg]) -> Arg:
            self.assign(node.generators[0].target, passes.item(index[0]), inner)
            return self.argument(self.expression(node.elt, inner))

        return self.lists.listed(passes.stop, element, hint)

    def one_value(self, node: Comprehension, item: Callable[[], Value], inner: Frame, hint: str) -> Value:
        """The value of a comprehension for one item that is known now."""
        self.assign(node.generators[0].target, item(), inner)
        return self.settled(self.expression(node.elt, inner), hint)

    def fixed(self, helper: Source, node: ast.Call, frame: Frame) -> dict[str, Value]:
        """The defaults of a helper that this call leaves as they are."""
        names = [name for name in helper.arguments if name not in helper.preset]
        given = {*names[: len(node.args)], *(str(keyword.arg) for keyword in node.keywords)}
        left = {name: value for name, value in helper.defaults.items() if name not in given}
        for name, value in left.items():
            if number(value) is None and not isinstance(value, str | tuple | None):
                raise UnsupportedError(
                    f"{ast.unparse(node)} leaves {name} = {value!r}",
                    loc=frame.source.loc(node),
                    why="a program works on real numbers, and this default is none.",
                    fix=f"pass {name}.",
                )
        return {name: self.constant_value(value, name) for name, value in left.items()}

    def expanded(self, program: str, values: Sequence[Value]) -> Value:
        """A program of ours, read as a helper at this place."""
        source = read_source(named(program))
        arguments = zip(source.arguments, values, strict=True)
        env = {name: self.settled(value, name) for name, value in arguments}
        with self.pinned():
            return self.function(source.node, Frame(source, env))

    def routine(self, name: str, values: Sequence[Value]) -> Value:
        """What a routine on whole arrays gives."""
        return self.whole_call(whole_of(name), values, name, lower_apart)

    def inlined(self, node: ast.FunctionDef | ast.Lambda, frame: Frame) -> Value:
        place = self.place
        value = self.function(node, frame)
        self.place = place
        return value

    def bind(
        self,
        callee: ast.FunctionDef | ast.Lambda,
        node: ast.Call,
        frame: Frame,
        defaults: Mapping[str, Value],
        preset: Sequence[str] = (),
    ) -> dict[str, Value]:
        """The callee's arguments by name, as Python binds them; `preset` ones are given already."""
        names = [a.arg for a in (*callee.args.posonlyargs, *callee.args.args)]
        positional = [name for name in names if name not in preset]
        every = positional + [a.arg for a in callee.args.kwonlyargs]
        given: dict[str, Value] = {}
        listed = self.listed(node, lambda argument: self.argument_value(argument, frame))
        for name, value in zip(positional, listed, strict=False):
            given[name] = self.settled(value, name)
        for keyword in node.keywords:
            given[str(keyword.arg)] = self.settled(
                self.argument_value(keyword.value, frame), str(keyword.arg)
            )
        wrong = [name for name in given if name not in every]
        missing = [name for name in every if name not in given and name not in defaults]
        if wrong or missing or len(listed) > len(positional):
            raise UnsupportedError(
                f"the call {ast.unparse(node)} does not fit the helper's arguments",
                loc=frame.source.loc(node),
                why=f"it takes ({', '.join(every)}).",
                fix="pass each argument once.",
            )
        return {name: given[name] if name in given else defaults[name] for name in every}

    def argument_value(self, node: ast.expr, frame: Frame) -> Value:
        """An argument of a helper, which may be a function."""
        found = passed(node, frame, self.argument_value)
        return self.expression(node, frame) if found is None else found

    # ---- statements --------------------------------------------------------------------------

    def block(self, body: Sequence[ast.stmt], frame: Frame) -> None:
        for statement in body:
            if hasattr(statement, "lineno"):
                self.place = frame.source.loc(statement)
            self.told_apart(lambda statement=statement: self.statement(statement, frame), frame)  # type: ignore[misc]

    def statement(self, node: ast.stmt, frame: Frame) -> None:
        match node:
            case ast.Assign(targets=[ast.Name()] as targets, value=ast.IfExp() as value) if self.asked(
                "__chosen"
            ):
                sides: list[ast.stmt] = [
                    ast.copy_location(ast.Assign(targets, v), node) for v in (value.body, value.orelse)
                ]
                self.branch(ast.copy_location(ast.If(value.test, sides[:1], sides[1:]), node), frame)
            case ast.Assign(targets=targets, value=value):
                hint = targets[0].id if isinstance(targets[0], ast.Name) else "t"
                result = self.assigned(value, targets, frame, hint)
                for target in targets:
                    self.assign(target, result, frame)
            case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
                frame.env[name] = self.settled(self.expression(value, frame, name), name)
            case ast.AnnAssign(target=ast.Attribute() as target, value=ast.expr() as value):
                self.assign(target, self.expression(value, frame, target.attr), frame)
            case ast.AugAssign(target=ast.Name(id=name) as target, op=op, value=value):
                old = self.expression(ast.copy_location(ast.Name(name, ast.Load()), target), frame)
                if isinstance(old, View):
                    self.augmented(old, OPERATORS[type(op)], value, frame)
                elif isinstance(old, Listed) and isinstance(op, ast.Add):
                    self.lists.extend(old, self.expression(value, frame))
                elif isinstance(old, tuple | Record | Thing):
                    frame.env[name] = self.settled(self.in_place(old, operator_of(op), value, frame), name)
                else:
                    new = self.apply(operator_of(op), [old, self.expression(value, frame)], name)
                    frame.env[name] = self.settled(new, name)
            case ast.AugAssign(target=ast.Attribute() | ast.Subscript() as target, op=op, value=value):
                self.augmented_part(target, op, value, frame)
            case ast.If():
                self.branch(node, frame)
            case ast.For():
                self.counted(node, frame)
            case ast.While():
                self.conditional(node, frame)
            case ast.Assert(test=test):
                self.asserted(test, frame)
            case ast.Raise(exc=exception):
                called = exception.func if isinstance(exception, ast.Call) else exception
                self.out.append(Fail(ast.unparse(called) if called else "Exception", self.place))
            case ast.Expr(value=ast.Call() as call):  # for what it changes
                self.call(call, frame, "t")
            case ast.Delete(targets=targets):
                for target in targets:
                    self.deleted(target, frame)
            case ast.FunctionDef():
                frame.env[node.name] = Closure(node, frame, self.defaults(node, frame))

    def deleted(self, target: ast.expr, frame: Frame) -> None:
        """`del name`, or `del list[index]`."""
        if isinstance(target, ast.Name):
            del frame.env[target.id]
            return
        assert isinstance(target, ast.Subscript)  # the fence lets nothing else through
        value = self.expression(target.value, frame)
        if not isinstance(value, Listed):
            raise self.unsupported(
                "`del` of an element of what is no list", "only a list gets shorter.", "leave it out."
            )
        self.lists.pop(value, self.whole_index(target.slice, frame))

    def asked(self, slot: str) -> bool:
        """Whether a variable is to be told apart in this statement."""
        return key_of(self.place, slot) in self.arrays.apart

    def augmented_part(
        self, target: ast.Attribute | ast.Subscript, op: ast.operator, value: ast.expr, frame: Frame
    ) -> None:
        """`base.name op= value` and `base[index] op= value`."""
        base = self.expression(target.value, frame)
        if isinstance(target, ast.Subscript) and not isinstance(base, tuple | Record | Thing):
            self.augmented(self.selected(base, target, frame), OPERATORS[type(op)], value, frame)
            return
        old = (
            self.member(base, target, frame)
            if isinstance(target, ast.Attribute)
            else self.part_of(base, target, frame)
        )
        if isinstance(old, View):
            self.augmented(old, operator_of(op), value, frame)
            return
        new = self.in_place(old, operator_of(op), value, frame)
        if isinstance(target, ast.Attribute):
            self.put_attribute(target, base, new, frame)
        else:
            self.put_item(target, base, new, frame)

    def defaults(self, node: ast.FunctionDef | ast.Lambda, frame: Frame) -> dict[str, Value]:
        """The defaults of a nested function."""
        positional = [*node.args.posonlyargs, *node.args.args]
        pairs = list(zip(reversed(positional), reversed(node.args.defaults), strict=False))
        pairs += [
            (a, d) for a, d in zip(node.args.kwonlyargs, node.args.kw_defaults, strict=True) if d is not None
        ]
        return {argument.arg: self.expression(default, frame) for argument, default in pairs}

    def assigned(self, value: ast.expr, targets: list[ast.expr], frame: Frame, hint: str) -> Value:
        """The value of an assignment; a formula over arrays that goes to elements needs no array."""
        alone = targets[0] if len(targets) == 1 else None
        if isinstance(value, ast.Call) and isinstance(alone, ast.Name):
            self.place, place = frame.source.loc(value), self.place
            result = self.call(value, frame, hint)  # one array or another may stay so
            if not isinstance(result, Choice):
                result = self.settled(self.known(result), hint)
            self.place = place
            return result
        result = self.expression(value, frame, hint)
        if isinstance(alone, ast.Subscript):
            return result
        return self.settled(result, hint)

    def assign(self, target: ast.expr, value: Value, frame: Frame) -> None:
        if isinstance(target, ast.Name):
            frame.env[target.id] = value
            return
        if isinstance(target, ast.Subscript):
            self.store_at(target, value, frame)
            return
        if isinstance(target, ast.Attribute):
            self.put_attribute(target, self.expression(target.value, frame), value, frame)
            return
        parts = self.objects.sequence(value)
        value = value if parts is None else parts
        assert isinstance(target, ast.Tuple | ast.List)  # the fence lets nothing else through
        if not isinstance(value, tuple) or len(value) != len(target.elts):
            raise (ArrayExpected if isinstance(value, str) else UnsupportedError)(
                "the number of values does not fit the number of names",
                loc=frame.source.loc(target),
                why=f"{len(target.elts)} names, {len(value) if isinstance(value, tuple) else 1} value(s).",
                fix="unpack as many values as there are.",
            )
        for element, part in zip(target.elts, value, strict=True):
            self.assign(element, part, frame)

    def asserted(self, test: ast.expr, frame: Frame) -> None:
        holds = self.truth(self.expression(test, frame))
        if holds == Lit(True):
            return
        failure = Block((Fail("AssertionError", self.place),))
        self.out.append(If(holds, Block(()), failure, (), self.place))

    def captured(self, run: Callable[[], None]) -> tuple[Stmt, ...]:
        """The statements that `run` emits, as a body of their own."""
        outer, self.out = self.out, []
        checked, loaded = self.arrays.checked, dict(self.arrays.loaded)
        try:
            run()
            return tuple(self.out)
        finally:  # also where the body is read again: what was checked in it is not
            self.out, self.arrays.checked, self.arrays.loaded = outer, checked, loaded

    # ---- expressions -------------------------------------------------------------------------

    def expression(self, node: ast.expr, frame: Frame, hint: str = "t") -> Value:
        match node:
            case ast.Constant(value=value):
                return Known(value) if value is None or isinstance(value, str) else Lit(number(value))
            case ast.Dict() | ast.JoinedStr():
                return self.display(node, frame)
            case ast.Name(id=name):
                found = frame.find(name)
                if found is not None:
                    return self.known(found)
                return self.constant_value(resolve(node, frame.source.namespace), name)
            case ast.Attribute():
                part = self.attribute(node, frame)
                if part is not None:
                    return part
                return self.constant_value(resolve(node, frame.source.namespace), ast.unparse(node))
            case ast.Subscript():
                self.place, place = frame.source.loc(node), self.place
                result = self.subscript(node, frame, hint)
                self.place = place
                return result
            case ast.BinOp(op=ast.MatMult(), left=left, right=right):
                operands = [self.expression(left, frame), self.expression(right, frame)]
                if any(isinstance(operand, Record | Thing) for operand in operands):
                    return self.operated("matmul", operands, hint)
                return self.array_calls.product("matmul", operands[0], operands[1])
            case ast.Tuple(elts=elements):
                return tuple(self.expression(element, frame) for element in elements)
            case ast.List(elts=elements):
                return Literal(self.expression(element, frame) for element in elements)
            case ast.ListComp() | ast.GeneratorExp():
                return self.comprehended(node, frame, hint)
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                return self.negated(self.truth(self.expression(operand, frame)))
            case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float() as value)):
                return Lit(-value)
            case ast.UnaryOp(op=op, operand=operand):
                return self.apply(OPERATORS[type(op)], [self.expression(operand, frame)], hint)
            case ast.BinOp(left=left, op=op, right=right):
                operands = [self.expression(left, frame), self.expression(right, frame)]
                return self.apply(OPERATORS[type(op)], operands, hint)
            case ast.Compare():
                return self.compared(node, frame)
            case ast.BoolOp(op=op, values=values):
                return self.short_circuit(isinstance(op, ast.And), values, frame)
            case ast.IfExp(test=test, body=body, orelse=orelse):
                return self.chosen(test, body, orelse, frame, hint)
            case ast.Call():
                self.place, place = frame.source.loc(node), self.place
                result = self.call(node, frame, hint)
                result = self.joined(result, frame) if isinstance(result, Choice) else self.known(result)
                self.place = place
                return result
        raise UnsupportedError(f"{type(node).__name__} is not supported", loc=frame.source.loc(node))

    def option(self, node: ast.expr, frame: Frame) -> Value:
        """An argument of a function that is a program of ours; None leaves it out."""
        value = self.expression(node, frame)
        return UNSET if value == Known(None) else value

    def row(self, op: str, values: Sequence[Value], hint: str = "t") -> Arg:
        if op == "round_int" and len(values) == 2:
            op = "round_digits"
        wanted = RULES[op].args
        if len(values) != len(wanted):
            raise UnsupportedError(
                f"{op} with {len(values)} argument(s)",
                loc=self.place,
                why=f"its rule is for {len(wanted)}: {op}({', '.join(wanted)}).",
                fix="call it with as many.",
            )
        name = self.names.fresh(hint)
        args = tuple(self.argument(value) for value in values)
        self.out.append(Let(name, op, args, self.place))
        self.arrays.numbers.result(name, op, args)
        if op in BOOLEAN:
            self.arrays.truths.add(name)
        return name

    def argument(self, value: Value) -> Arg:
        if isinstance(value, str | Lit):
            return value
        held = self.objects.held(value)
        what = (
            "an array"
            if isinstance(value, View | Lazy)
            else "a list"
            if isinstance(value, Listed)
            else "a function"
            if held is None
            else self.article(held)
        )
        if isinstance(value, Known):
            what = "nothing" if value.value is None else repr(value.value)
        raise UnsupportedError(
            f"{what} where a number is needed",
            loc=self.place, why="here a program works on single numbers.", fix="take one element.",
        )  # fmt: skip

    def truth(self, value: Value) -> Arg:
        if isinstance(value, Known):
            return Lit(bool(value.value))
        if isinstance(value, Listed):
            return self.row("greater", [self.lists.count(value), Lit(0)])
        held = self.objects.held(value)
        if held is not None and held.holder != "object":
            return Lit(bool(held.parts))
        if held is not None:
            found = self.dispatched("to_bool", [value])
            if found is None:
                return (
                    Lit(True)
                    if attribute_of(held.cls, "__len__") is MISSING
                    else self.truth(self.length(value))
                )
            value = found
        arg = self.argument(value)
        if isinstance(arg, Lit):
            return Lit(bool(arg.value))
        return arg if self._is_bool(arg) else self.row("to_bool", [arg])

    def _is_bool(self, name: str) -> bool:
        return any(isinstance(s, Let) and s.name == name and s.op in BOOLEAN for s in reversed(self.out)) or (
            name.startswith("__")
        )

    def negated(self, value: Arg) -> Arg:
        return Lit(not value.value) if isinstance(value, Lit) else self.row("logical_not", [value])

    def compared(self, node: ast.Compare, frame: Frame) -> Value:
        """`a < b < c` is `a < b and b < c`, with b computed once and c only if needed."""
        left = self.expression(node.left, frame)
        right = self.expression(node.comparators[0], frame)
        first = self.one_comparison(node, left, right, frame)
        if len(node.ops) == 1:
            return first
        rest = ast.copy_location(ast.Compare(ast.Name("__middle"), node.ops[1:], node.comparators[1:]), node)
        inner = Frame(frame.source, {"__middle": right}, frame.until, frame)
        return self.both(first, lambda: self.expression(rest, inner), True)

    def one_comparison(self, node: ast.Compare, left: Value, right: Value, frame: Frame) -> Value:
        """The first comparison of a chain; whether a value is None, or a key is there, is known now."""
        op = node.ops[0]
        known = decided(op, left, right) if type(op) in OPERATORS else None
        if known is not None:
            return known
        match op:
            case ast.Is() | ast.IsNot():
                same = left == right == Known(None)
                return Lit(same if isinstance(op, ast.Is) else not same)
            case ast.In() | ast.NotIn():
                self.place = frame.source.loc(node)
                found = self.contains(left, right, ast.unparse(node))
                return found if isinstance(op, ast.In) else self.negated(found)
        return self.apply(OPERATORS[type(op)], [left, right])

    def short_circuit(self, conjunction: bool, values: Sequence[ast.expr], frame: Frame) -> Value:
        first = self.expression(values[0], frame)
        for node in values[1:]:
            first = self.both(first, lambda node=node: self.expression(node, frame), conjunction)  # type: ignore[misc]
        return first

    def both(self, first: Value, second: Callable[[], Value], conjunction: bool) -> Value:
        """`first and second()` (or `or`), evaluating the second only if Python would."""
        holds = self.truth(first)
        if isinstance(holds, Lit):
            return second() if bool(holds.value) is conjunction else first
        results: list[Value] = []
        changes, before = self.objects.changes.total(), dict(self.arrays.current)
        inside = self.captured(lambda: results.append(second()))
        after, self.arrays.current = self.arrays.current, before
        if changes != self.objects.changes.total() or any(after[b] != before[b] for b in before):
            raise self.unsupported(
                "a part of `and` or `or` that changes an object or an array",
                "whether it runs depends on what is before it.",
                "call it in a line of its own, before.",
            )
        other, arg = self.argument(results[0]), self.argument(first)
        booleans = holds == arg and (
            (isinstance(other, Lit) and isinstance(other.value, bool)) or _boolean(inside, other)
        )
        if booleans and all(isinstance(s, Let) and s.op in HARMLESS for s in inside):
            self.out += inside
            return self.row("logical_and" if conjunction else "logical_or", [holds, other])
        name = self.names.fresh("t")
        taken, passed = Block(inside, (other,)), Block((), (arg,))
        then, orelse = (taken, passed) if conjunction else (passed, taken)
        self.out.append(If(holds, then, orelse, (name,), self.place))
        return name

    # ---- builtins that are not rows -------------------------------------------------------------

    def builtin(self, name: str, values: list[Value], node: ast.Call, frame: Frame) -> Value:
        match name, values:
            case (("sum" | "max" | "min"), [View() | Lazy() as only]) if not node.keywords:
                return self.array_calls.reduction(name, only, {})
            case "sum", [Listed() as only, *start] if not node.keywords:
                return self.lists.total(only, self.argument(start[0]) if start else Lit(0))
            case (("max" | "min"), [Listed() as only]) if not node.keywords:
                return self.lists.extreme(only, "greater" if name == "max" else "less")
            case (("max" | "min"), _):
                return self.extreme("greater" if name == "max" else "less", values, node, frame)
            case "sum", [tuple() as terms, *start]:
                total: Value = start[0] if start else Lit(0)
                for term in terms:
                    plain = isinstance(term, str | Lit) and total == Lit(0)
                    total = term if plain else self.apply("add", [total, term])
                return total
            case (("any" | "all"), [tuple() as parts]) if parts:
                holds = self.truth(parts[0])
                for value in parts[1:]:
                    holds = self.row(
                        "logical_or" if name == "any" else "logical_and", [holds, self.truth(value)]
                    )
                return holds
            case (("any" | "all"), [Listed() | View() | Lazy() as only]) if not node.keywords:
                return self.array_call(name, node, frame, "t")
            case "divmod", [left, right]:
                return self.row("floor_divide", [left, right]), self.row("remainder", [left, right])
            case "log", [value]:
                return self.row("log", [value])
            case "log", [value, base]:
                return self.row("divide", [self.row("log", [value]), self.row("log", [base])])
            case "hypot", [first, second, *rest]:
                total = self.row("hypot", [first, second])
                for term in rest:
                    total = self.row("hypot", [total, term])
                return total
            case "clip", _ if any(isinstance(value, View | Lazy) for value in values):
                return called(self.array_calls, "clip", values, {}, None, "t")
            case "clip", [value, low, high]:
                return self.row("minimum", [self.row("maximum", [value, low]), high])
            case "float64", [value]:
                return self.row("to_float", [value])
        raise (ArrayExpected if any(isinstance(v, str) for v in values) else UnsupportedError)(
            f"{ast.unparse(node)} is not supported", loc=frame.source.loc(node),
            why=f"{name} is supported for numbers" + (" in a tuple." if name == "sum" else "."),
            fix="write sum((a, b, c))." if name == "sum" else "check the arguments.",
        )  # fmt: skip

    def extreme(self, comparison: str, values: list[Value], node: ast.Call, frame: Frame) -> Value:
        """Python's max and min: the first of equals, as `b if b > a else a`."""
        terms = list(values[0]) if len(values) == 1 and isinstance(values[0], tuple) else values
        if len(terms) < 2 and not (len(values) == 1 and isinstance(values[0], tuple) and terms):
            raise (ArrayExpected if any(isinstance(v, str) for v in values) else UnsupportedError)(
                f"{ast.unparse(node)} is not supported", loc=frame.source.loc(node),
                why="max and min need two numbers or a tuple of them.", fix="write max(a, b).",
            )  # fmt: skip
        best = terms[0]
        for term in terms[1:]:
            best = self.row("where", [self.row(comparison, [term, best]), term, best])
        return best


BOOLEAN = frozenset(
    {"less", "less_equal", "greater", "greater_equal", "equal", "not_equal", "logical_and", "logical_or",
     "logical_not", "to_bool", "isnan", "isinf", "isfinite", "signbit"}
)  # fmt: skip
HARMLESS = BOOLEAN | {"add", "subtract", "multiply", "negative", "absolute"}
"""Ops that are cheap and cannot fail, so that computing them when Python would not changes nothing."""


def _inside(frame: Frame) -> Frame:
    """The frame of a nested function without arguments."""
    return Frame(frame.source, {}, parent=frame)


def operator_of(op: ast.operator) -> str:
    """The op that an operator is."""
    return "matmul" if isinstance(op, ast.MatMult) else OPERATORS[type(op)]


def _preset(source: Source) -> dict[str, Value]:
    """The arguments that are given already and are numbers; objects such as self are in the namespace."""
    numbers = {name: number(value) for name, value in source.preset.items()}
    return {name: Lit(value) for name, value in numbers.items() if value is not None}


def _boolean(inside: Sequence[Stmt], value: Arg) -> bool:
    return any(isinstance(s, Let) and s.name == value and s.op in BOOLEAN for s in inside)
