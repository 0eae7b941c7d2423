"""Rewrite what Python offers beyond the reader's language into statements that the reader knows.

`:=`, `match`, lambdas with a name, `map` and `filter` where they are used up, unpacking with a star, and
`with np.errstate(...)` stand for plain assignments, branches and loops. What is not surely the same stays as it is,
and the fence refuses it at its place. Positions of the user's nodes survive.
"""

import ast
import builtins
import copy
from collections.abc import Callable, Mapping, Sequence

from downslope.read.patterns import Unmatched, as_branches, placed
from downslope.read.resolve import resolve
from downslope.read.scopes import bound_in
from downslope.read.text import Definition
from downslope.read.walrus import Conditional, assigns, conditions, hoisted, in_order

TAKERS = ("sum", "any", "all", "max", "min", "list")
"""Builtins that use up what they are given."""


def readable(definition: Definition, namespace: Mapping[str, object]) -> Definition:
    r"""The function in the reader's language; the same node where nothing is to do.

    >>> tree = ast.parse("def f(x):\n    if (y := x * x) > 1: return y\n    return -y")
    >>> print(ast.unparse(readable(tree.body[0], {})))
    def f(x):
        y = x * x
        if y > 1:
            return y
        return -y
    """
    if not any(map(_may_change, ast.walk(definition))):
        return definition
    new = copy.deepcopy(definition)
    writer = _Rewriter(namespace, new)
    if isinstance(new, ast.Lambda):
        writer.bound = bound_in(new)
        new.body = writer.value(new.body)
    else:
        writer.definition(new)
    return new


def _may_change(node: ast.AST) -> bool:
    match node:
        case ast.Call(func=ast.Name(id="map" | "filter" | "list")) | ast.Expr(value=ast.Constant()):
            return True
        case ast.NamedExpr() | ast.Match() | ast.With() | ast.Lambda() | ast.Set() | ast.Starred():
            return True
    return False


class _Rewriter(ast.NodeTransformer):
    """Statements become lists of statements; expressions are rewritten innermost last."""

    def __init__(self, namespace: Mapping[str, object], definition: Definition) -> None:
        self.namespace = namespace
        self.taken = {n.id for n in ast.walk(definition) if isinstance(n, ast.Name)}
        self.bound: frozenset[str] = frozenset()

    def fresh(self, hint: str) -> str:
        """A name that the program does not use."""
        number = 1
        while f"{hint}_{number}" in self.taken:
            number += 1
        self.taken.add(f"{hint}_{number}")
        return f"{hint}_{number}"

    def definition(self, node: ast.FunctionDef) -> None:
        """Rewrite a function's body, in place."""
        outer, self.bound = self.bound, self.bound | bound_in(node)
        text = node.body[:1] if ast.get_docstring(node) is not None else []
        node.body = [*text, *self.suite(node.body[len(text) :], node)]
        self.bound = outer

    def named(self, node: ast.expr) -> str:
        """The name of a builtin that nothing hides."""
        name = node.id if isinstance(node, ast.Name) else ""
        return name if name and self.meaning(node) is getattr(builtins, name, node) else ""

    def meaning(self, node: ast.expr) -> object:
        """What a name from outside stands for; None for the program's own."""
        inner = node
        while isinstance(inner, ast.Attribute):
            inner = inner.value
        own = not isinstance(inner, ast.Name) or inner.id in self.bound
        return None if own else resolve(node, self.namespace)

    # ---- statements ----------------------------------------------------------------------------

    def suite(self, body: Sequence[ast.stmt], place: ast.AST) -> list[ast.stmt]:
        """A block, each statement after what must run before it; not empty where it was not."""
        new = [made for node in body for made in self.statement(node)]
        return new or ([placed(ast.Pass(), place)] if body else [])

    def statement(self, node: ast.stmt) -> list[ast.stmt]:
        """What a statement stands for."""
        match node:
            case ast.FunctionDef():
                self.definition(node)
                return [node]
            case ast.Expr(value=ast.Constant()):
                return []
            case ast.With() if all(map(self.is_quiet, node.items)):
                return self.suite(node.body, node)
            case ast.Match() | ast.If() | ast.While() | ast.For():
                return self.compound(node)
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Lambda() as value):
                made = ast.FunctionDef(
                    name, value.args, [placed(ast.Return(self.value(value.body)), value.body)], []
                )
                return [placed(made, node)]
        self.values(node)
        starred = isinstance(node, ast.Assign) and any(isinstance(n, ast.Starred) for n in _targets(node))
        return [two for one in (spread(node, self.fresh) if starred else [node]) for two in in_order(one)]  # type: ignore[arg-type]  # an Assign

    def values(self, node: ast.stmt) -> None:
        """Rewrite the expressions that a statement computes itself."""
        for name in ("value", "test", "iter", "subject"):
            if isinstance(value := getattr(node, name, None), ast.expr):
                setattr(node, name, self.value(value))

    def is_quiet(self, item: ast.withitem) -> bool:
        """Whether a `with` only says which warnings are given."""
        made = item.context_expr
        if item.optional_vars is not None or not isinstance(made, ast.Call) or made.args:
            return False
        numpy = self.meaning(made.func.value) if isinstance(made.func, ast.Attribute) else None
        quiet = all(
            isinstance(k.value, ast.Constant) and k.value.value in ("ignore", "warn") for k in made.keywords
        )
        return getattr(numpy, "__name__", "") == "numpy" and made.func.attr == "errstate" and quiet  # type: ignore[attr-defined]  # an Attribute

    def compound(self, node: ast.Match | ast.If | ast.While | ast.For) -> list[ast.stmt]:
        """Branches and loops."""
        if isinstance(node, ast.For):
            self.mapped_loop(node)
        self.values(node)
        for case in node.cases if isinstance(node, ast.Match) else []:
            case.body = self.suite(case.body, node)
        if not isinstance(node, ast.Match):
            node.body, node.orelse = self.suite(node.body, node), self.suite(node.orelse, node)
        try:
            match node:
                case ast.Match():
                    return [two for one in as_branches(node, self.fresh) for two in in_order(one)]
                case ast.If() if assigns(node.test):
                    return _branch(node)
                case ast.While() if assigns(node.test):
                    return [_while(node)]
        except (Unmatched, Conditional):
            return [node]  # the fence refuses it
        return in_order(node) if isinstance(node, ast.For) else [node]

    def mapped_loop(self, node: ast.For) -> None:
        """`for v in map(f, xs)` computes each value in its pass, for the loop may change what f reads."""
        made = self.without_map(node.iter)
        if made is not None and not made.generators[0].ifs:
            node.body = [placed(ast.Assign([node.target], made.elt), node), *node.body]
            node.target, node.iter = made.generators[0].target, made.generators[0].iter

    # ---- expressions ---------------------------------------------------------------------------

    def value(self, node: ast.expr) -> ast.expr:
        """An expression without `map`, `filter`, `list(range(...))` and sets of constants."""
        new: ast.expr = self.visit(node)
        return new

    def visit_Call(self, node: ast.Call) -> ast.expr:  # the name is ast's
        self.generic_visit(node)
        taker = self.named(node.func)
        if taker in TAKERS and node.args and (made := self.without_map(node.args[0])) is not None:
            node.args[0] = made
        is_range = (
            node.args and isinstance(node.args[0], ast.Call) and self.named(node.args[0].func) == "range"
        )
        if taker == "list" and len(node.args) == 1 and is_range:
            name = self.fresh("item")
            passes = ast.comprehension(ast.Name(name, ast.Store()), node.args[0], [], 0)
            return placed(ast.ListComp(ast.Name(name, ast.Load()), [passes]), node)
        return node

    def visit_Compare(self, node: ast.Compare) -> ast.expr:  # the name is ast's
        self.generic_visit(node)
        for place, (op, right) in enumerate(zip(node.ops, node.comparators, strict=True)):
            if isinstance(op, ast.In | ast.NotIn) and isinstance(right, ast.Set):
                node.comparators[place] = placed(ast.Tuple(right.elts, ast.Load()), right)
        return node

    def without_map(self, call: ast.expr) -> ast.GeneratorExp | None:
        """`map(f, xs)` and `filter(f, xs)` as the generator expression that they are."""
        kind = self.named(call.func) if isinstance(call, ast.Call) else ""
        if (
            kind not in ("map", "filter")
            or not isinstance(call, ast.Call)
            or len(call.args) < 2
            or call.keywords
        ):
            return None
        function, *over = call.args
        names = [self.fresh("item") for _ in over]
        targets: list[ast.expr] = [ast.Name(name, ast.Store()) for name in names]
        value = applied(function, names)
        if len(over) > 1 and self.named(ast.Name("zip", ast.Load())) != "zip":
            return None
        if (
            value is None
            or any(isinstance(one, ast.Starred) for one in over)
            or (kind == "filter" and len(over) > 1)
        ):
            return None
        target = targets[0] if len(over) == 1 else ast.Tuple(targets, ast.Store())
        source = over[0] if len(over) == 1 else ast.Call(ast.Name("zip", ast.Load()), over, [])
        tests = [value] if kind == "filter" else []
        shown = ast.Name(names[0], ast.Load()) if kind == "filter" else value
        return placed(ast.GeneratorExp(shown, [ast.comprehension(target, source, tests, 0)]), call)


def applied(function: ast.expr, names: Sequence[str]) -> ast.expr | None:
    """A function of these variables; None where it is no name and no plain lambda of as many."""
    if isinstance(function, ast.Name | ast.Attribute):
        return placed(ast.Call(function, [ast.Name(name, ast.Load()) for name in names], []), function)
    if not isinstance(function, ast.Lambda):
        return None
    own = function.args
    plain = len(own.args) == len(names) and not (
        own.defaults or own.kwonlyargs or own.posonlyargs or own.vararg
    )
    inner = any(isinstance(n, ast.Lambda | ast.ListComp | ast.GeneratorExp) for n in ast.walk(function.body))
    if not plain or own.kwarg or inner:
        return None
    new = dict(zip((argument.arg for argument in own.args), names, strict=True))
    for node in ast.walk(function.body):
        if isinstance(node, ast.Name):
            node.id = new.get(node.id, node.id)
    return function.body


def _targets(node: ast.Assign) -> Sequence[ast.expr]:
    target = node.targets[0]
    return target.elts if len(node.targets) == 1 and isinstance(target, ast.Tuple | ast.List) else []


def spread(node: ast.Assign, fresh: Callable[[str], str]) -> list[ast.stmt]:
    """`a, *b = t` takes its parts by position, of which there must be enough."""
    targets = _targets(node)
    name, size = fresh("parts"), len(targets)
    star = next(i for i, part in enumerate(targets) if isinstance(part, ast.Starred))
    middle = f"{name}[{star}:{star + 1 - size or ''}]"
    parts = [f"{name}[{i}]" if i < star else f"{name}[{i - size}]" for i in range(size)]
    parts[star] = f"[item for item in {middle}]"
    text = f"{name} = 0\nassert len({name}) >= {size - 1}\n_ = {', '.join(parts)},"
    hold, enough, taken = ast.parse(text).body
    assert isinstance(hold, ast.Assign)
    assert isinstance(taken, ast.Assign)
    for line in (hold, enough, taken):
        for child in ast.walk(line):
            ast.copy_location(child, node)
    hold.value = node.value
    plain = [part.value if isinstance(part, ast.Starred) else part for part in targets]
    taken.targets = [placed(ast.Tuple(plain, ast.Store()), node.targets[0])]
    return [hold, enough, taken]


def _branch(node: ast.If) -> list[ast.stmt]:
    """A branch whose condition assigns: `if a and b`, where b does, is one branch inside the other."""
    if not node.orelse:
        body = node.body
        for before, test in reversed(conditions(node.test)):
            body = [*before, placed(ast.If(test, body, []), node)]
        return body
    before, node.test = hoisted(node.test)
    return [*before, node]


def _while(node: ast.While) -> ast.stmt:
    """A loop whose condition assigns computes it at the start of each pass."""
    if any(isinstance(n, ast.Break | ast.Continue) for s in node.orelse for n in ast.walk(s)):
        raise Conditional
    body: list[ast.stmt] = []
    for before, test in conditions(node.test):
        leave = ast.If(ast.UnaryOp(ast.Not(), test), [*copy.deepcopy(node.orelse), ast.Break()], [])
        body += [*before, placed(leave, test)]
    return placed(ast.While(ast.Constant(True), [*body, *node.body], []), node)
