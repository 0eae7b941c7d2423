"""Refuse, before anything runs, what is not supported: every place at once, with a reason and a fix."""

import ast
from collections.abc import Iterator, Mapping

from downslope.errors import Problem, UnsupportedError
from downslope.read.assigned import Assigned, stored
from downslope.read.callables import is_helper, plain
from downslope.read.classes import why_unreadable
from downslope.read.fence_arrays import Locals, Nested, is_word
from downslope.read.fence_objects import ObjectFence, is_constant
from downslope.read.fence_parallel import dependent
from downslope.read.fence_passed import PassedFence
from downslope.read.library.splines import is_spline
from downslope.read.resolve import ITERATORS, Missing, number, resolve, row_of
from downslope.read.scopes import closures, nodes
from downslope.read.source import Source, read_source
from downslope.read.structure import is_procedure
from downslope.rules.custom import CustomDerivative, stop_gradient
from downslope.rules.kinds import OPERATORS

STATEMENTS = (
    ast.Return, ast.Assign, ast.AugAssign, ast.AnnAssign, ast.For, ast.While, ast.If, ast.Break,
    ast.Continue, ast.Pass, ast.Assert, ast.Raise, ast.FunctionDef, ast.Delete, ast.Expr,
)  # fmt: skip
EXPRESSIONS = (
    ast.Constant, ast.Name, ast.BinOp, ast.UnaryOp, ast.BoolOp, ast.Compare, ast.IfExp, ast.Call,
    ast.Tuple, ast.Attribute, ast.Subscript, ast.List, ast.ListComp, ast.Dict, ast.JoinedStr, ast.FormattedValue,
)  # fmt: skip
COMPARISONS = (ast.Lt, ast.LtE, ast.Gt, ast.GtE, ast.Eq, ast.NotEq, ast.In, ast.NotIn)

WHY = {
    "Try": "which branch runs depends on an exception, which native code does not raise in time.",
    "With": "a context manager can do anything on entry and exit.",
    "Yield": "a generator keeps its state between calls.",
    "Global": "a program that changes module state is not a function of its arguments.",
    "Nonlocal": "a helper that changes its caller's variables cannot be differentiated by itself.",
    "NamedExpr": "it may not run, or it changes what is read before it in the same line.",
    "Match": "patterns are read that compare numbers with constants, or parts of a tuple that is written there.",
    "Starred": "how many values it gives is not known when the program is read.",
    "Lambda": "a function is read where it has a name or is called.",
    "DictComp": "the keys of a dict are constants.",
    "Set": "sets are read only as what `in` looks into.",
    "Import": "names are looked up in the module of the program.",
    "ImportFrom": "names are looked up in the module of the program.",
    "Expr": "a program is a function of its inputs; what it does besides its result cannot be kept.",
}
FIX = {
    "NamedExpr": "assign in a line of its own, before.",
    "Match": "write it with `if` and `elif`.",
    "Starred": "name the values one by one.",
    "Lambda": "give it a name, `f = lambda ...` or `def`, and call that.",
    "DictComp": "write the dict out.",
    "Set": "use a tuple.",
    "Import": "import at the top of the file.",
    "ImportFrom": "import at the top of the file.",
    "Expr": "leave the line out, or do it where the program is called.",
    "Try": "test the condition with `if` before the operation that fails.",
    "Global": "pass the value as an argument and return it.",
    "Nonlocal": "return the new value from the helper.",
}


def fence(source: Source, procedure: bool = False) -> None:
    """Raise `UnsupportedError` with every unsupported place of a program and of its helpers.

    A `procedure`, such as a method, may only change its arguments.
    """
    problems = list(_Fence(source, (plain(source.function),), {}, procedure).problems())
    if problems:
        unique = {(str(problem.loc), problem.what): problem for problem in problems}
        raise UnsupportedError(problems=tuple(unique.values()))


class _Fence(PassedFence, ObjectFence):
    def __init__(
        self,
        source: Source,
        callers: tuple[object, ...],
        outer: Mapping[str, object],
        procedure: bool = False,
    ) -> None:
        self.procedure = procedure
        self.source = source
        self.node = source.node
        self.callers = callers
        self.seen: set[tuple[int, ...]] = set()
        self.outer = outer
        self.silent = False  # whether the function that is read is a helper that returns nothing

    def problems(self) -> Iterator[Problem]:
        yield from self._function(self.node, {})

    def _function(self, node: ast.FunctionDef | ast.Lambda, visible: dict[str, ast.AST]) -> Iterator[Problem]:
        arguments = {a.arg for a in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)}
        if (
            node is self.source.node
        ):  # an object that is given, such as self, is known when the program is read
            arguments -= {name for name, value in self.source.preset.items() if number(value) is None}
        if isinstance(node, ast.Lambda):
            yield from self._expression(node.body, arguments, visible)
            return
        local = stored(node.body) | arguments
        nested = visible | {
            here.node.name: here.node
            for here in nodes(node)
            if isinstance(here.node, ast.FunctionDef) and not here.inside
        }
        helper = node is not self.source.node or len(self.callers) > 1 or self.procedure
        around, self.silent = self.silent, helper and is_procedure(node)
        for statement in _without_docstring(node.body):
            yield from self._statement(statement, local | set(visible), nested)
        self.silent = around
        flow = Assigned(local, closures(node))
        end = flow.block(node.body, frozenset(arguments))
        for name in flow.unset:
            yield self._problem(
                name,
                f"{name.id!r} may be unset here",
                "on some path it is read before a value is assigned.",
                f"assign {name.id} a value before the branch or loop that sets it.",
            )
        if end is not None:
            yield from self._ends(node, helper)

    def _statement(
        self, node: ast.stmt, local: set[str] | frozenset[str], nested: dict[str, ast.AST]
    ) -> Iterator[Problem]:
        if isinstance(node, ast.Expr) and self._changes(node.value, local, nested):
            yield from self._expression(node.value, local, nested)
            return
        if not isinstance(node, STATEMENTS):
            yield self._refused(node)
            return
        match node:
            case ast.Expr():
                yield from self._effect(node, local, nested)
                return
            case ast.Delete():
                yield from self._deleted(node, local, nested)
                return
            case ast.FunctionDef():
                yield from self._nested(node, local, nested)
                return
            case ast.Assign(targets=targets):
                if len(targets) == 1 and isinstance(node.value, ast.Lambda):
                    yield self._problem(
                        node.value,
                        "a lambda stored in a variable",
                        "helpers are read from their `def`.",
                        "write it as a nested `def`.",
                    )
                    return
                for target in targets:
                    yield from self._target(target, local, nested)
            case ast.AugAssign(target=ast.Subscript() as target):
                yield from self._element(target, local, nested)
            case (
                ast.AugAssign(target=ast.Attribute() as target)
                | ast.AnnAssign(target=ast.Attribute() as target)
            ):
                yield from self._target(target, local, nested)
            case ast.AugAssign(target=target) | ast.AnnAssign(target=target):
                yield from self._target(target, local, nested, alone=True)
            case ast.For():
                yield from self._target(node.target, local, nested)
                yield from self._passes(node.iter, local, nested)
                yield from dependent(node, self.source)
            case ast.Raise():
                return
            case ast.Assert():
                yield from self._expression(node.test, local, nested)
                return
            case ast.Return(value=None | ast.Constant(value=None)):
                if not self.silent:
                    yield self._problem(
                        node if node.value is None else node.value,
                        "a return without a value",
                        "the program must return a number.",
                        "return a number.",
                    )
                return
        yield from self._children(node, local, nested)

    def _children(self, node: ast.AST, local: Locals, nested: Nested) -> Iterator[Problem]:
        elsewhere = {"target", "targets", "annotation"} | ({"iter"} if isinstance(node, ast.For) else set())
        for name, value in ast.iter_fields(node):
            for child in value if isinstance(value, list) else [value]:
                if isinstance(child, ast.stmt):
                    yield from self._statement(child, local, nested)
                elif isinstance(child, ast.expr) and name not in elsewhere:
                    yield from self._expression(child, local, nested)

    def _nested(
        self, node: ast.FunctionDef, local: set[str] | frozenset[str], nested: dict[str, ast.AST]
    ) -> Iterator[Problem]:
        if node.decorator_list:
            yield self._problem(
                node.decorator_list[0],
                "a decorator on a nested function",
                "a decorator may replace the function.",
                "call the helper without the decorator.",
            )
        if node.args.vararg or node.args.kwarg:
            yield self._problem(
                node, "a helper with *args or **kwargs", "its inputs are not known.", "name them."
            )
        visible: dict[str, ast.AST] = dict.fromkeys(local, node) | nested
        yield from self._function(node, visible)

    def _target(
        self, target: ast.expr, local: Locals, nested: Nested, alone: bool = False
    ) -> Iterator[Problem]:
        match target:
            case ast.Name():
                return
            case ast.Subscript() if not alone:
                yield from self._element(target, local, nested)
            case ast.Attribute() if not alone and self._inside(target, local, nested):
                yield from self._expression(target.value, local, nested)
            case ast.Tuple(elts=elements) | ast.List(elts=elements) if not alone:
                for element in elements:
                    yield from self._target(element, local, nested)
            case _:
                yield self._refused(target)

    def _expression(
        self, node: ast.expr, local: set[str] | frozenset[str], nested: dict[str, ast.AST]
    ) -> Iterator[Problem]:
        if not isinstance(node, EXPRESSIONS):
            yield self._refused(node)
            return
        match node:
            case ast.Constant(value=value):
                if number(value) is None and not (value is None or isinstance(value, str)):
                    yield self._problem(
                        node,
                        f"a {type(value).__name__} as a value",
                        "a program works on real numbers.",
                        "use a number."
                        if not isinstance(value, complex)
                        else "compute real and imaginary parts apart.",
                    )
            case ast.Name(id=name):
                if isinstance(inner := nested.get(name), ast.FunctionDef) and inner.name == name:
                    yield self._problem(
                        node,
                        f"the function {name!r} as a value",
                        "a program works on real numbers.",
                        "call it.",
                    )
                elif name not in local and name not in nested:
                    yield from self._value(node)
            case ast.Attribute(value=value, attr=attr):
                if self._inside(value, local, nested):
                    yield from self._part(node, attr, local, nested)
                else:
                    yield from self._value(node)
            case ast.Subscript():
                yield from self._element(node, local, nested)
            case ast.ListComp():
                yield from self._comprehension(node, local, nested)
            case ast.Call():
                yield from self._call(node, local, nested)
            case ast.Compare(ops=ops):
                for op, right in zip(ops, node.comparators, strict=True):
                    if not isinstance(op, COMPARISONS) and not _with_none(op, node.left, right):
                        yield self._problem(
                            node,
                            f"the comparison `{_symbol(op)}`",
                            "only < <= > >= == != compare numbers.",
                            "compare with == or spell the cases out.",
                        )
                yield from self._children(node, local, nested)
            case ast.BinOp(op=op) | ast.UnaryOp(op=op):
                if type(op) not in OPERATORS and not isinstance(op, ast.MatMult):
                    yield self._problem(
                        node, f"the operator `{_symbol(op)}`", "it needs arrays.", "use numbers."
                    )
                yield from self._children(node, local, nested)
            case _:
                yield from self._children(node, local, nested)

    def _value(self, node: ast.expr) -> Iterator[Problem]:
        value = resolve(node, self.source.namespace)
        name = ast.unparse(node)
        if isinstance(value, Missing):
            yield self._problem(
                node,
                f"{name!r} is not defined",
                "no argument, variable, constant or module member has this name.",
                "check the spelling.",
            )
        elif number(value) is None and not is_constant(value):
            yield self._problem(
                node,
                f"{name!r} is a {type(value).__name__}, not a number",
                "a program works on real numbers.",
                "pass the number it holds.",
            )

    def _call(
        self, node: ast.Call, local: set[str] | frozenset[str], nested: dict[str, ast.AST]
    ) -> Iterator[Problem]:
        derivative = self._derivative(node, local, nested)
        if derivative is not None:
            yield from derivative
            return
        row = row_of(resolve(node.func, self.source.namespace))
        method = isinstance(node.func, ast.Attribute) and self._inside(node.func.value, local, nested)
        if (row is not None and row.library) or is_spline(resolve(node.func, self.source.namespace)):
            yield from self._library(node, local, nested)
            return
        functions = self._takes_functions(node, local, nested)
        for argument in node.args:
            passed = self._function_given(argument, local, nested) if functions else None
            if passed is not None:
                yield from passed
            elif not (method and self._is_type(argument)):
                yield from self._argument(argument, row, local, nested)
        for keyword in node.keywords:
            if ((row is not None and row.array) or method) and (
                keyword.arg in ("dtype", "axis") or is_word(keyword.value)
            ):
                continue
            if keyword.arg is None:
                yield self._problem(
                    keyword.value, "a call with **", "its inputs are not known.", "name them."
                )
            else:
                passed = self._function_given(keyword.value, local, nested) if functions else None
                yield from self._expression(keyword.value, local, nested) if passed is None else passed
        name = ast.unparse(node.func)
        if isinstance(node.func, ast.Attribute) and method:
            yield from self._method(node.func, local, nested)
            return
        if isinstance(node.func, ast.Name) and (name in nested or name in local):
            if not isinstance(nested.get(name), ast.FunctionDef) and name not in local:
                yield self._problem(
                    node.func,
                    f"{name!r} is called, but what it is depends on the run",
                    "only functions known when the program is read can be differentiated.",
                    "call a function defined with `def`.",
                )
            return
        yield from self._outside(node, name)

    def _outside(self, node: ast.Call, name: str) -> Iterator[Problem]:
        value = resolve(node.func, self.source.namespace)
        if self._of_objects(node, value):
            return
        row = row_of(value)
        if isinstance(node.func, ast.Call):
            yield self._problem(
                node.func,
                "a call of what another call returns",
                "only functions known when the program is read can be differentiated.",
                "give the function a name outside the program.",
            )
            return
        if row is not None:
            if row.name in ITERATORS:
                yield self._problem(
                    node, f"{row.name}(...) as a value", "a program works on numbers.", "loop over it."
                )
            elif (
                node.keywords
                and not row.array
                and not (row.name == "round_int" and _names(node) == {"ndigits"})
            ):
                yield self._problem(
                    node,
                    f"{_listed_names(node)} in a call of {name}",
                    "keywords of functions of numbers are not read.",
                    "write the loop out, or pass by position where that means the same.",
                )
        elif isinstance(value, Missing):
            yield self._problem(
                node.func,
                f"{name!r} is not defined",
                "nothing of this name is in scope.",
                "check the spelling.",
            )
        elif value is stop_gradient:
            if len(node.args) != 1 or node.keywords:
                yield self._problem(
                    node, "stop_gradient of several values", "it takes one.", "call it for each."
                )
        elif isinstance(value, CustomDerivative):
            yield from self._helper(value.function, node, name)
        elif is_helper(value):
            yield from self._helper(value, node, name)
        elif isinstance(value, type):
            yield self._problem(
                node,
                f"the class {name} is not read",
                why_unreadable(value),
                "use a dataclass or a named tuple.",
            )
        else:
            yield self._problem(
                node,
                f"no derivative rule for {name}",
                "the rule table has no row for it, and it is not a Python function.",
                "write it with functions that have a rule, or add a row (docs/adding-a-rule.md).",
            )

    def _helper(self, value: object, node: ast.expr, name: str) -> Iterator[Problem]:
        try:
            if plain(value) in self.callers:
                return  # it calls itself, and is looked at already
            helper = read_source(value)  # type: ignore[arg-type]  # checked by is_helper
        except UnsupportedError as error:
            why = error.problem.why or str(error.problem.what)
            yield self._problem(node, f"the helper {name} cannot be read", why, error.problem.fix)
            return
        key = (id(plain(helper.function)), *map(id, helper.preset.values()))
        if key not in self.seen:  # once for all its callers: there may be many ways to it
            self.seen.add(key)
            inner = _Fence(helper, (*self.callers, plain(helper.function)), {})
            inner.seen = self.seen
            yield from inner.problems()

    def _refused(self, node: ast.AST) -> Problem:
        kind = type(node).__name__.removeprefix("Async")
        return self._problem(
            node,
            f"{_spoken(node)} is not supported",
            WHY.get(kind, "downslope cannot differentiate through it."),
            FIX.get(kind, "rewrite this part with numbers, branches, loops and helper functions."),
        )

    def _problem(self, node: ast.AST, what: str, why: str, fix: str) -> Problem:
        return Problem(what, self.source.loc(node), why, fix)


def _without_docstring(body: list[ast.stmt]) -> list[ast.stmt]:
    def is_text(node: ast.stmt) -> bool:
        return (
            isinstance(node, ast.Expr)
            and isinstance(node.value, ast.Constant)
            and isinstance(node.value.value, str)
        )

    return [node for position, node in enumerate(body) if position or not is_text(node)]


def _with_none(op: ast.cmpop, left: ast.expr, right: ast.expr) -> bool:
    """Whether a comparison asks if a value is None."""
    sides = [side.value for side in (left, right) if isinstance(side, ast.Constant)]
    return isinstance(op, ast.Is | ast.IsNot) and None in sides


def _names(call: ast.Call) -> set[str | None]:
    return {keyword.arg for keyword in call.keywords}


def _listed_names(call: ast.Call) -> str:
    return " and ".join(f"{keyword.arg}=" for keyword in call.keywords)


def _spoken(node: ast.AST) -> str:
    words = {
        "Subscript": "an index", "List": "a list", "Dict": "a dict", "Set": "a set", "JoinedStr": "an f-string",
        "ListComp": "a comprehension", "Expr": "an expression whose value is not used", "NamedExpr": "`:=`",
        "Lambda": "a lambda", "Starred": "a star", "DictComp": "a dict comprehension",
        "ImportFrom": "an import inside the program", "Delete": "`del`", "Import": "an import inside the program",
    }  # fmt: skip
    kind = type(node).__name__
    return words.get(kind, f"`{kind.lower().removeprefix('async')}`")


def _symbol(op: ast.AST) -> str:
    return {"Is": "is", "IsNot": "is not", "In": "in", "NotIn": "not in", "MatMult": "@"}.get(
        type(op).__name__, type(op).__name__
    )
