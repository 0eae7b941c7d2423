"""Refuse what arrays in a program may not be used for: indices, attributes, methods, what a loop goes over."""

import ast
from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import TypeAlias

from downslope.errors import Problem
from downslope.read.array_names import CHANGING, CHANGING_METHODS, WORDS
from downslope.read.callables import is_helper
from downslope.read.comprehensions import TAKERS, Comprehension, bound_by
from downslope.read.resolve import ITERATORS, Row, resolve, row_of
from downslope.read.source import Source

PASSED = (
    ast.Name, ast.Subscript, ast.Attribute, ast.BinOp, ast.Call, ast.List, ast.Tuple, ast.ListComp,
)  # fmt: skip
"""What a loop may go over."""
Locals: TypeAlias = "set[str] | frozenset[str]"
Nested: TypeAlias = dict[str, ast.AST]


class ArrayFence(ABC):
    """The part of the fence for arrays."""

    source: Source

    @abstractmethod
    def _expression(self, node: ast.expr, local: Locals, nested: Nested) -> Iterator[Problem]:
        """What is wrong with an expression."""

    @abstractmethod
    def _function(self, node: ast.FunctionDef | ast.Lambda, visible: dict[str, ast.AST]) -> Iterator[Problem]:
        """What is wrong with a function."""

    @abstractmethod
    def _helper(self, value: object, node: ast.expr, name: str) -> Iterator[Problem]:
        """What is wrong with a helper that is used at a place."""

    @abstractmethod
    def _problem(self, node: ast.AST, what: str, why: str, fix: str) -> Problem:
        """A problem at a place."""

    @abstractmethod
    def _call(self, node: ast.Call, local: Locals, nested: Nested) -> Iterator[Problem]:
        """What is wrong with a call."""

    @abstractmethod
    def _refused(self, node: ast.AST) -> Problem:
        """The problem of a construct that is not supported."""

    def _element(self, node: ast.Subscript, local: Locals, nested: Nested) -> Iterator[Problem]:
        """`value[index]`, read or stored."""
        yield from self._expression(node.value, local, nested)
        for part in node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]:
            if isinstance(part, ast.Slice):
                for bound in (part.lower, part.upper, part.step):
                    if bound is not None:
                        yield from self._expression(bound, local, nested)
            elif isinstance(part, ast.List):
                for element in part.elts:
                    yield from self._expression(element, local, nested)
            elif not _is_axis(part, self.source):
                yield from self._expression(part, local, nested)

    def _changes(self, node: ast.expr, local: Locals, nested: Nested) -> bool:
        """Whether an expression is a call that changes an array in place, for which a statement is written."""
        if not isinstance(node, ast.Call):
            return False
        if isinstance(node.func, ast.Attribute) and self._inside(node.func.value, local, nested):
            return node.func.attr in CHANGING_METHODS
        row = row_of(resolve(node.func, self.source.namespace))
        return row is not None and row.array and (row.name in CHANGING or row.name.endswith(".at"))

    def _passes(self, node: ast.expr, local: Locals, nested: Nested) -> Iterator[Problem]:
        """What a loop goes over: a range, an array, or enumerate, zip and reversed of these."""
        row = row_of(resolve(node.func, self.source.namespace)) if isinstance(node, ast.Call) else None
        if isinstance(node, ast.Call) and row is not None and row.name in ITERATORS:
            yield from self._iterator(node, row.name, local, nested)
        elif isinstance(node, PASSED):
            yield from self._expression(node, local, nested)
        else:
            yield self._problem(
                node,
                "a loop over something other than a range or an array",
                "loops go over range, arrays, enumerate, zip and reversed.",
                "loop with `for i in range(n)`.",
            )

    def _iterator(self, node: ast.Call, name: str, local: Locals, nested: Nested) -> Iterator[Problem]:
        least, most = {"range": (1, 3), "enumerate": (1, 2), "zip": (1, 99), "reversed": (1, 1)}[name]
        keywords = [keyword for keyword in node.keywords if (name, keyword.arg) != ("enumerate", "start")]
        if keywords or not least <= len(node.args) + len(node.keywords) <= most or not node.args:
            yield self._problem(
                node, f"{ast.unparse(node)} as what a loop goes over", "its arguments do not fit.",
                f"give {name} {'one to three arguments' if name == 'range' else 'ranges or arrays'}.",
            )  # fmt: skip
            return
        for position, argument in enumerate(node.args):
            number_wanted = name == "range" or (name == "enumerate" and position == 1)
            check = self._expression if number_wanted else self._passes
            yield from check(argument, local, nested)
        for keyword in node.keywords:
            yield from self._expression(keyword.value, local, nested)

    def _inside(self, node: ast.expr, local: Locals, nested: Nested) -> bool:
        """Whether an expression is one of the program's own values, not a module or what it holds."""
        while isinstance(node, ast.Attribute):
            node = node.value
        return not isinstance(node, ast.Name) or node.id in local or node.id in nested

    def _part(self, node: ast.Attribute, attr: str, local: Locals, nested: Nested) -> Iterator[Problem]:
        yield from self._expression(node.value, local, nested)
        if attr.startswith("__") and attr != "__class__":
            yield self._problem(
                node,
                f"the attribute {attr!r}",
                "what it gives depends on how Python keeps the object.",
                "use the attributes of the object by name.",
            )

    def _argument(self, node: ast.expr, row: Row | None, local: Locals, nested: Nested) -> Iterator[Problem]:
        """An argument; functions that make arrays take lists, nested ones too."""
        if (
            isinstance(node, ast.List)
            and row is not None
            and (row.array or row.name in ("sum", "max", "min"))
        ):
            for element in node.elts:
                yield from self._argument(element, row, local, nested)
        elif isinstance(node, ast.GeneratorExp) and row is not None and row.name in TAKERS:
            yield from self._comprehension(node, local, nested)
        elif row is not None and row.array and is_word(node):
            return
        elif isinstance(node, ast.Starred) and row is None:
            yield from self._expression(node.value, local, nested)
        else:
            yield from self._expression(node, local, nested)

    def _comprehension(self, node: Comprehension, local: Locals, nested: Nested) -> Iterator[Problem]:
        """What a comprehension goes over, its tests and its values."""
        inside = local | bound_by(node)
        for generator in node.generators:
            yield from self._passes(generator.iter, inside, nested)
            for test in generator.ifs:
                yield from self._expression(test, inside, nested)
        yield from self._expression(node.elt, inside, nested)

    def _is_type(self, node: ast.expr) -> bool:
        """Whether an argument is a type of elements, as in `astype(float)`."""
        return isinstance(resolve(node, self.source.namespace), type)

    def _library(self, node: ast.Call, local: Locals, nested: Nested) -> Iterator[Problem]:
        """A call of a function that is a program of ours: options may be texts and None."""
        for argument in (*node.args, *(keyword.value for keyword in node.keywords)):
            if isinstance(argument, ast.Starred) or any(keyword.arg is None for keyword in node.keywords):
                yield self._problem(
                    argument, "a call with * or **", "its inputs are not known.", "name them."
                )
            else:
                yield from self._option(argument, local, nested)

    def _option(self, node: ast.expr, local: Locals, nested: Nested) -> Iterator[Problem]:
        if isinstance(node, ast.List | ast.Tuple):
            for element in node.elts:
                yield from self._option(element, local, nested)
        elif isinstance(node, ast.Lambda):
            yield from self._function(node, dict.fromkeys(local, node) | nested)
        elif self._is_function(node, local, nested):
            yield from self._passed(node)
        elif not (isinstance(node, ast.Constant) and (node.value is None or isinstance(node.value, str))):
            yield from self._expression(node, local, nested)

    def _is_function(self, node: ast.expr, local: Locals, nested: Nested) -> bool:
        """Whether an argument names a function that can be read."""
        if not isinstance(node, ast.Name | ast.Attribute):
            return False
        if isinstance(node, ast.Name) and (node.id in local or node.id in nested):
            return isinstance(nested.get(node.id), ast.FunctionDef)
        target = resolve(node, self.source.namespace)
        return callable(target) and row_of(target) is None and is_helper(target)

    def _passed(self, node: ast.expr) -> Iterator[Problem]:
        """What is wrong with a function that is passed on; a nested one is looked at where it is defined."""
        target = resolve(node, self.source.namespace)
        if is_helper(target):
            yield from self._helper(target, node, ast.unparse(node))

    def _method(self, func: ast.Attribute, local: Locals, nested: Nested) -> Iterator[Problem]:
        if not (isinstance(func.value, ast.Call) and ast.unparse(func.value) == "super()"):
            yield from self._part(func, "" if func.attr == "__init__" else func.attr, local, nested)


def _is_axis(node: ast.expr, source: Source) -> bool:
    """Whether an item in brackets is `...`, `None` or `np.newaxis`."""
    if isinstance(node, ast.Constant):
        return node.value is None or node.value is Ellipsis
    return isinstance(node, ast.Attribute) and resolve(node, source.namespace) is None


def is_word(node: ast.expr) -> bool:
    """Whether an argument is the name of a mode, such as "edge"."""
    return isinstance(node, ast.Constant) and node.value in WORDS
