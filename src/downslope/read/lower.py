"""Python syntax -> IR: each value gets one name, helpers are expanded where they are called."""

import ast
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from downslope.errors import Loc, UnsupportedError
from downslope.ir.names import Names
from downslope.ir.nodes import Arg, Block, Carry, Fail, For, Function, If, Let, Lit, Param, Stmt, While
from downslope.read.assigned import stored, stored_target
from downslope.read.fence import fence
from downslope.read.resolve import number, resolve, row_of
from downslope.read.source import Source, read_source
from downslope.read.structure import RESULT, structured
from downslope.rules import RULES
from downslope.rules.kinds import OPERATORS

Value: TypeAlias = "Arg | tuple[Value, ...] | Closure"
UNSET = Lit(None)


@dataclass(frozen=True)
class Closure:
    """A nested function and the frame it was defined in."""

    node: ast.FunctionDef
    frame: "_Frame"
    defaults: Mapping[str, Value]


@dataclass
class _Frame:
    """The variables of one call: what each name is now."""

    source: Source
    env: dict[str, Value]
    until: Mapping[ast.stmt, str] = field(default_factory=dict)
    parent: "_Frame | None" = None

    def find(self, name: str) -> "Value | None":
        frame: _Frame | None = self
        while frame is not None:
            if name in frame.env:
                return frame.env[name]
            frame = frame.parent
        return None


def lower(source: Source) -> Function:
    """The program as one IR function; its parameters are its arguments, in order.

    Raises `UnsupportedError` with every place that cannot be differentiated.
    """
    fence(source)
    lowerer = _Lowerer()
    params = tuple(Param(lowerer.names.fresh(name), name) for name in source.arguments)
    env: dict[str, Value] = _preset(source) | {param.label: param.name for param in params}
    value = lowerer.function(source.node, _Frame(source, env))
    outputs = _flat(value)
    name = getattr(source.node, "name", "program")
    loc = source.loc(source.node)
    return Function(name, params, Block(tuple(lowerer.out), outputs), not isinstance(value, tuple), loc)


class _Lowerer:
    def __init__(self) -> None:
        self.names = Names()
        self.out: list[Stmt] = []
        self.place: Loc | None = None

    # ---- functions ---------------------------------------------------------------------------

    def function(self, node: ast.FunctionDef | ast.Lambda, frame: _Frame) -> Value:
        if isinstance(node, ast.Lambda):
            self.place = frame.source.loc(node.body)
            return self.expression(node.body, frame)
        shape = structured(node.body)
        frame.until = shape.until
        self.block(shape.body, frame)
        if RESULT not in frame.env:  # every path raises
            return UNSET
        return frame.env[RESULT]

    def call(self, node: ast.Call, frame: _Frame) -> Value:
        found = frame.find(node.func.id) if isinstance(node.func, ast.Name) else None
        if isinstance(found, Closure):
            inner = self.bind(found.node, node, frame, found.defaults)
            return self.inlined(found.node, _Frame(found.frame.source, inner, parent=found.frame))
        target = resolve(node.func, frame.source.namespace)
        row = row_of(target)
        if row is not None:
            values = [self.expression(argument, frame) for argument in node.args]
            values += [self.expression(keyword.value, frame) for keyword in node.keywords]
            return self.builtin(row.name, values, node, frame) if row.builtin else self.row(row.name, values)
        helper = read_source(target)  # type: ignore[arg-type]  # the fence checked that it is a function
        inner = self.bind(helper.node, node, frame, self.fixed(helper, node, frame), tuple(helper.preset))
        return self.inlined(helper.node, _Frame(helper, _preset(helper) | inner))

    def fixed(self, helper: Source, node: ast.Call, frame: _Frame) -> dict[str, Value]:
        """The defaults of a helper that this call leaves as they are."""
        names = [name for name in helper.arguments if name not in helper.preset]
        given = {*names[: len(node.args)], *(str(keyword.arg) for keyword in node.keywords)}
        left = {name: value for name, value in helper.defaults.items() if name not in given}
        for name, value in left.items():
            if number(value) is None:
                raise UnsupportedError(
                    f"{ast.unparse(node)} leaves {name} = {value!r}",
                    loc=frame.source.loc(node),
                    why="a program works on real numbers, and this default is none.",
                    fix=f"pass {name}.",
                )
        return {name: Lit(number(value)) for name, value in left.items()}

    def inlined(self, node: ast.FunctionDef | ast.Lambda, frame: _Frame) -> Value:
        place = self.place
        value = self.function(node, frame)
        self.place = place
        return value

    def bind(
        self,
        callee: ast.FunctionDef | ast.Lambda,
        node: ast.Call,
        frame: _Frame,
        defaults: Mapping[str, Value],
        preset: Sequence[str] = (),
    ) -> dict[str, Value]:
        """The callee's arguments by name, as Python binds them; `preset` ones are given already."""
        names = [a.arg for a in (*callee.args.posonlyargs, *callee.args.args)]
        positional = [name for name in names if name not in preset]
        every = positional + [a.arg for a in callee.args.kwonlyargs]
        given: dict[str, Value] = {}
        for name, argument in zip(positional, node.args, strict=False):
            given[name] = self.expression(argument, frame)
        for keyword in node.keywords:
            given[str(keyword.arg)] = self.expression(keyword.value, frame)
        wrong = [name for name in given if name not in every]
        missing = [name for name in every if name not in given and name not in defaults]
        if wrong or missing or len(node.args) > len(positional):
            raise UnsupportedError(
                f"the call {ast.unparse(node)} does not fit the helper's arguments",
                loc=frame.source.loc(node),
                why=f"it takes ({', '.join(every)}).",
                fix="pass each argument once.",
            )
        return {name: given[name] if name in given else defaults[name] for name in every}

    # ---- statements --------------------------------------------------------------------------

    def block(self, body: Sequence[ast.stmt], frame: _Frame) -> None:
        for statement in body:
            if hasattr(statement, "lineno"):
                self.place = frame.source.loc(statement)
            self.statement(statement, frame)

    def statement(self, node: ast.stmt, frame: _Frame) -> None:
        match node:
            case ast.Assign(targets=targets, value=value):
                hint = targets[0].id if isinstance(targets[0], ast.Name) else "t"
                result = self.expression(value, frame, hint)
                for target in targets:
                    self.assign(target, result, frame)
            case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
                frame.env[name] = self.expression(value, frame, name)
            case ast.AugAssign(target=ast.Name(id=name) as target, op=op, value=value):
                old = self.expression(ast.copy_location(ast.Name(name, ast.Load()), target), frame)
                operands = [old, self.expression(value, frame)]
                frame.env[name] = self.row(OPERATORS[type(op)], operands, name)
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
            case ast.FunctionDef():
                frame.env[node.name] = Closure(node, frame, self.defaults(node, frame))

    def defaults(self, node: ast.FunctionDef, frame: _Frame) -> dict[str, Value]:
        positional = [*node.args.posonlyargs, *node.args.args]
        pairs = list(zip(reversed(positional), reversed(node.args.defaults), strict=False))
        pairs += [
            (a, d) for a, d in zip(node.args.kwonlyargs, node.args.kw_defaults, strict=True) if d is not None
        ]
        return {argument.arg: self.expression(default, frame) for argument, default in pairs}

    def assign(self, target: ast.expr, value: Value, frame: _Frame) -> None:
        if isinstance(target, ast.Name):
            frame.env[target.id] = value
            return
        assert isinstance(target, ast.Tuple)  # the fence lets nothing else through
        if not isinstance(value, tuple) or len(value) != len(target.elts):
            raise UnsupportedError(
                "the number of values does not fit the number of names",
                loc=frame.source.loc(target),
                why=f"{len(target.elts)} names, {len(value) if isinstance(value, tuple) else 1} value(s).",
                fix="unpack as many values as there are.",
            )
        for element, part in zip(target.elts, value, strict=True):
            self.assign(element, part, frame)

    def asserted(self, test: ast.expr, frame: _Frame) -> None:
        holds = self.truth(self.expression(test, frame))
        if holds == Lit(True):
            return
        failure = Block((Fail("AssertionError", self.place),))
        self.out.append(If(holds, Block(()), failure, (), self.place))

    def captured(self, run: Callable[[], None]) -> tuple[Stmt, ...]:
        """The statements that `run` emits, as a body of their own."""
        outer, self.out = self.out, []
        run()
        inner, self.out = self.out, outer
        return tuple(inner)

    def branch(self, node: ast.If, frame: _Frame) -> None:
        place = self.place
        cond = self.truth(self.expression(node.test, frame))
        if isinstance(cond, Lit):
            self.block(node.body if cond.value else node.orelse, frame)
            return
        before = dict(frame.env)
        then = self.captured(lambda: self.block(node.body, frame))
        after_then, frame.env = frame.env, dict(before)
        orelse = self.captured(lambda: self.block(node.orelse, frame))
        after_else = frame.env
        changed = [
            name
            for name in dict.fromkeys((*after_then, *after_else))
            if after_then.get(name, UNSET) != after_else.get(name, UNSET)
        ]
        pairs = {name: self.joined(after_then.get(name), after_else.get(name)) for name in changed}
        frame.env = (
            after_then
            | after_else
            | self.join(pairs, lambda a, b, names: If(cond, Block(then, a), Block(orelse, b), names, place))
        )

    def joined(self, left: "Value | None", right: "Value | None") -> tuple[Value, Value]:
        """Two values of one variable made alike in shape; a value that is not set is `UNSET`."""
        if left is None or right is None:
            shape = right if left is None else left
            assert shape is not None  # one of the branches set it
            blank = _like(shape, UNSET)
            return (blank, shape) if left is None else (shape, blank)
        return left, right

    def join(
        self,
        pairs: Mapping[str, tuple[Value, Value]],
        build: Callable[[tuple[Arg, ...], tuple[Arg, ...], tuple[str, ...]], Stmt],
    ) -> dict[str, Value]:
        """Emit the statement that merges pairs of values, and give each variable its result."""
        merged: dict[str, Value] = {}
        lefts: list[Arg] = []
        rights: list[Arg] = []
        results: list[str] = []
        for name, (left, right) in pairs.items():
            if isinstance(left, Closure) or isinstance(right, Closure):
                continue
            if not _same_shape(left, right):
                raise UnsupportedError(
                    f"{name.strip('_')!r} is one number on one path and several on another",
                    loc=self.place, why="the shape of a value must be known when the program is read.",
                    fix="give it the same form on every path.",
                )  # fmt: skip
            lefts += _flat(left)
            rights += _flat(right)
            fresh = [self.names.fresh(name) for _ in _flat(left)]
            results += fresh
            merged[name] = _rebuilt(left, iter(fresh))
        self.out.append(build(tuple(lefts), tuple(rights), tuple(results)))
        return merged

    # ---- loops -------------------------------------------------------------------------------

    def counted(self, node: ast.For, frame: _Frame) -> None:
        assert isinstance(node.iter, ast.Call)
        assert isinstance(node.target, ast.Name)
        place = self.place
        bounds = [self.argument(self.expression(argument, frame)) for argument in node.iter.args]
        start = bounds[0] if len(bounds) > 1 else Lit(0)
        stop = bounds[min(1, len(bounds) - 1)]
        step = bounds[2] if len(bounds) > 2 else Lit(1)
        if step == Lit(0):
            raise UnsupportedError(
                "range() with step 0",
                loc=frame.source.loc(node.iter),
                why="it has no end.",
                fix="use another step.",
            )
        index = self.names.fresh(node.target.id)

        def body() -> None:
            frame.env[node.target.id] = index  # type: ignore[attr-defined]  # a Name, asserted above
            self.block(node.body, frame)

        carried, inside, yields, results, until = self.carried(node, frame, body)
        self.out.append(For(index, start, stop, step, carried, Block(inside, yields), results, until, place))

    def conditional(self, node: ast.While, frame: _Frame) -> None:
        place = self.place
        tests: list[Block] = []

        def body() -> None:
            outer, self.out = self.out, []
            holds = self.truth(self.expression(node.test, frame))
            tests.append(Block(tuple(self.out), (holds,)))
            self.out = outer
            self.block(node.body, frame)

        carried, inside, yields, results, until = self.carried(node, frame, body)
        self.out.append(While(carried, tests[0], Block(inside, yields), results, until, place))

    def carried(
        self, node: ast.For | ast.While, frame: _Frame, body: Callable[[], None]
    ) -> tuple[tuple[Carry, ...], tuple[Stmt, ...], tuple[Arg, ...], tuple[str, ...], int | None]:
        """Lower a loop body with every variable it assigns carried from pass to pass."""
        names = sorted(stored(node.body) | stored_target(node))
        before = dict(frame.env)
        entering = {n: before[n] for n in names if n in before and not isinstance(before[n], Closure)}
        params = {n: _rebuilt(v, iter([self.names.fresh(n) for _ in _flat(v)])) for n, v in entering.items()}
        frame.env.update(params)
        inside = self.captured(body)
        after, frame.env = frame.env, before
        carries: list[Carry] = []
        yields: list[Arg] = []
        results: list[str] = []
        until: int | None = None
        for name in names:
            last = after.get(name)
            if last is None or isinstance(last, Closure):
                continue
            first = entering.get(name, _like(last, UNSET))
            if not _same_shape(first, last):
                raise UnsupportedError(
                    f"{name!r} changes its shape in the loop", loc=frame.source.loc(node),
                    why="the shape of a value must be known when the program is read.",
                    fix="give it the same form before and inside the loop.",
                )  # fmt: skip
            inner = params.get(name)
            labels = _flat(inner) if inner is not None else tuple(self.names.fresh(name) for _ in _flat(last))
            if frame.until.get(node) == name:
                until = len(carries)
            carries += [Carry(str(label), init) for label, init in zip(labels, _flat(first), strict=True)]
            yields += _flat(last)
            fresh = [self.names.fresh(name) for _ in labels]
            results += fresh
            frame.env[name] = _rebuilt(last, iter(fresh))
        return tuple(carries), inside, tuple(yields), tuple(results), until

    # ---- expressions -------------------------------------------------------------------------

    def expression(self, node: ast.expr, frame: _Frame, hint: str = "t") -> Value:
        match node:
            case ast.Constant(value=value):
                return Lit(number(value))
            case ast.Name(id=name):
                found = frame.find(name)
                return found if found is not None else Lit(number(resolve(node, frame.source.namespace)))
            case ast.Attribute():
                return Lit(number(resolve(node, frame.source.namespace)))
            case ast.Tuple(elts=elements):
                return tuple(self.expression(element, frame) for element in elements)
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                return self.negated(self.truth(self.expression(operand, frame)))
            case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float() as value)):
                return Lit(-value)
            case ast.UnaryOp(op=op, operand=operand):
                return self.row(OPERATORS[type(op)], [self.expression(operand, frame)], hint)
            case ast.BinOp(left=left, op=op, right=right):
                operands = [self.expression(left, frame), self.expression(right, frame)]
                return self.row(OPERATORS[type(op)], operands, hint)
            case ast.Compare():
                return self.compared(node, frame)
            case ast.BoolOp(op=op, values=values):
                return self.short_circuit(isinstance(op, ast.And), values, frame)
            case ast.IfExp(test=test, body=body, orelse=orelse):
                return self.chosen(test, body, orelse, frame, hint)
            case ast.Call():
                self.place, place = frame.source.loc(node), self.place
                result = self.call(node, frame)
                self.place = place
                return result
        raise UnsupportedError(f"{type(node).__name__} is not supported", loc=frame.source.loc(node))

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
        self.out.append(Let(name, op, tuple(self.argument(value) for value in values), self.place))
        return name

    def argument(self, value: Value) -> Arg:
        if isinstance(value, str | Lit):
            return value
        raise UnsupportedError(
            "a tuple or function where a number is needed", loc=self.place,
            why="arithmetic works on single numbers.", fix="unpack the tuple first.",
        )  # fmt: skip

    def truth(self, value: Value) -> Arg:
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

    def compared(self, node: ast.Compare, frame: _Frame) -> Value:
        """`a < b < c` is `a < b and b < c`, with b computed once and c only if needed."""
        left = self.expression(node.left, frame)
        right = self.expression(node.comparators[0], frame)
        first = self.row(OPERATORS[type(node.ops[0])], [left, right])
        if len(node.ops) == 1:
            return first
        rest = ast.copy_location(ast.Compare(ast.Name("__middle"), node.ops[1:], node.comparators[1:]), node)
        inner = _Frame(frame.source, {"__middle": right}, frame.until, frame)
        return self.both(first, lambda: self.expression(rest, inner), True)

    def short_circuit(self, conjunction: bool, values: Sequence[ast.expr], frame: _Frame) -> Value:
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
        inside = self.captured(lambda: results.append(second()))
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

    def chosen(self, test: ast.expr, body: ast.expr, orelse: ast.expr, frame: _Frame, hint: str) -> Value:
        place = self.place
        cond = self.truth(self.expression(test, frame))
        if isinstance(cond, Lit):
            return self.expression(body if cond.value else orelse, frame, hint)
        values: list[Value] = []
        then = self.captured(lambda: values.append(self.expression(body, frame)))
        other = self.captured(lambda: values.append(self.expression(orelse, frame)))
        merged = self.join(
            {hint: (values[0], values[1])},
            lambda a, b, names: If(cond, Block(then, a), Block(other, b), names, place),
        )
        return merged[hint]

    # ---- builtins that are not rows -------------------------------------------------------------

    def builtin(self, name: str, values: list[Value], node: ast.Call, frame: _Frame) -> Value:
        match name, values:
            case (("max" | "min"), _):
                return self.extreme("greater" if name == "max" else "less", values, node, frame)
            case "sum", [tuple() as terms, *start]:
                total: Value = start[0] if start else Lit(0)
                for term in terms:
                    total = self.row("add", [total, term]) if total != Lit(0) else term
                return total
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
            case "clip", [value, low, high]:
                return self.row("minimum", [self.row("maximum", [value, low]), high])
            case "float64", [value]:
                return self.row("to_float", [value])
        raise UnsupportedError(
            f"{ast.unparse(node)} is not supported", loc=frame.source.loc(node),
            why=f"{name} is supported for numbers" + (" in a tuple." if name == "sum" else "."),
            fix="write sum((a, b, c))." if name == "sum" else "check the arguments.",
        )  # fmt: skip

    def extreme(self, comparison: str, values: list[Value], node: ast.Call, frame: _Frame) -> Value:
        """Python's max and min: the first of equals, as `b if b > a else a`."""
        terms = list(values[0]) if len(values) == 1 and isinstance(values[0], tuple) else values
        if len(terms) < 2 and not (len(values) == 1 and isinstance(values[0], tuple) and terms):
            raise UnsupportedError(
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


def _preset(source: Source) -> dict[str, Value]:
    """The arguments that are given already and are numbers; objects such as self are in the namespace."""
    numbers = {name: number(value) for name, value in source.preset.items()}
    return {name: Lit(value) for name, value in numbers.items() if value is not None}


def _boolean(inside: Sequence[Stmt], value: Arg) -> bool:
    return any(isinstance(s, Let) and s.name == value and s.op in BOOLEAN for s in inside)


def _flat(value: Value) -> tuple[Arg, ...]:
    if isinstance(value, tuple):
        return tuple(arg for part in value for arg in _flat(part))
    assert not isinstance(value, Closure)
    return (value,)


def _rebuilt(shape: Value, names: "object") -> Value:
    if isinstance(shape, tuple):
        return tuple(_rebuilt(part, names) for part in shape)
    return next(names)  # type: ignore[no-any-return,call-overload]  # an iterator of names


def _like(shape: Value, fill: Lit) -> Value:
    return tuple(_like(part, fill) for part in shape) if isinstance(shape, tuple) else fill


def _same_shape(left: Value, right: Value) -> bool:
    if isinstance(left, tuple) and isinstance(right, tuple):
        return len(left) == len(right) and all(map(_same_shape, left, right))
    return not isinstance(left, tuple) and not isinstance(right, tuple)
