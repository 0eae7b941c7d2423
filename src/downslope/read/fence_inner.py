"""Refuse what derivatives inside a program may not be: options that depend on the run, functions that are not known."""

import ast
from collections.abc import Iterator
from itertools import chain

from downslope.errors import Problem, UnsupportedError
from downslope.read.callables import is_helper
from downslope.read.fence_arrays import ArrayFence, Locals, Nested
from downslope.read.resolve import Missing, resolve, root, row_of
from downslope.read.transforms import (
    PRODUCTS,
    is_derivative,
    makes_derivative,
    names_of_derivatives,
    options,
    transform_of,
    unknown_derivative,
)


class InnerFence(ArrayFence):
    """The part of the fence for derivatives."""

    node: ast.FunctionDef | ast.Lambda

    def _is_derivative_name(self, name: str) -> bool:
        """Whether a variable is set to a derivative somewhere in the program."""
        body = self.node.body if isinstance(self.node.body, list) else []
        return name in names_of_derivatives(body, self.source)

    def _derivative(self, node: ast.Call, local: Locals, nested: Nested) -> Iterator[Problem] | None:
        """What is wrong with a call that makes or calls a derivative; None for any other call."""
        func = node.func
        if isinstance(func, ast.Name) and (func.id in local or func.id in nested):
            known = self._is_derivative_name(func.id)
            return self._values([*node.args, *_given(node)], local, nested) if known else None
        if isinstance(func, ast.Call) and makes_derivative(func, self.source):
            return chain(
                self._making(func, local, nested), self._values([*node.args, *_given(node)], local, nested)
            )
        if root(func) in local or root(func) in nested:
            return None
        target = resolve(func, self.source.namespace)
        if is_derivative(target):
            return chain(
                self._from_outside(target, node), self._values([*node.args, *_given(node)], local, nested)
            )
        if transform_of(target) is not None:
            return self._making(node, local, nested)
        return iter([self._unknown(node)]) if unknown_derivative(target) else None

    def _making(self, node: ast.Call, local: Locals, nested: Nested) -> Iterator[Problem]:
        """`ds.grad(f, …)`, or `ds.jvp(f, …)` and its like."""
        product = transform_of(resolve(node.func, self.source.namespace)) in PRODUCTS
        if not node.args or any(isinstance(argument, ast.Starred) for argument in node.args):
            yield self._problem(
                node, f"{ast.unparse(node)} inside a program", "its function is not known.", "pass it first."
            )
            return
        try:
            options(node, len(node.args) if product else 1, self.source)
        except UnsupportedError as error:
            yield from error.problems
        yield from self._differentiated(node.args[0], local, nested)
        for argument in node.args[1:] if product else []:
            parts = argument.elts if isinstance(argument, ast.Tuple | ast.List) else [argument]
            yield from self._values(parts, local, nested)

    def _differentiated(self, node: ast.expr, local: Locals, nested: Nested) -> Iterator[Problem]:
        """The function that is differentiated."""
        if isinstance(node, ast.Lambda):
            yield from self._function(node, {**dict.fromkeys(local, node), **nested})
        elif isinstance(node, ast.Call) and makes_derivative(node, self.source):
            yield from self._making(node, local, nested)
        elif not (isinstance(node, ast.Name) and (node.id in local or node.id in nested)):
            yield from self._known_outside(node)

    def _known_outside(self, node: ast.expr) -> Iterator[Problem]:
        value = resolve(node, self.source.namespace)
        name = ast.unparse(node)
        if isinstance(value, Missing):
            yield self._unknown(node)
        elif is_derivative(value):
            yield from self._from_outside(value, node)
        elif row_of(value) is None:
            call = ast.copy_location(ast.Call(node, [], []), node)
            yield from self._helper(value, call, name) if is_helper(value) else [self._unknown(node)]

    def _from_outside(self, value: object, node: ast.expr) -> Iterator[Problem]:
        """A derivative made outside: the function under it."""
        while is_derivative(value):
            base = value.program.source.function  # type: ignore[attr-defined]  # as `is_derivative` says
            value = value.origin  # type: ignore[attr-defined]
        call = node if isinstance(node, ast.Call) else ast.copy_location(ast.Call(node, [], []), node)
        yield from self._helper(base, call, ast.unparse(node))

    def _values(self, nodes: list[ast.expr], local: Locals, nested: Nested) -> Iterator[Problem]:
        for node in nodes:
            yield from self._expression(node, local, nested)

    def _unknown(self, node: ast.AST) -> Problem:
        return self._problem(
            node,
            f"the derivative of {ast.unparse(node)}",
            "which function it is depends on the run, or cannot be told from outside.",
            "differentiate a lambda, a nested function or one from outside by its name: ds.grad(f)(x).",
        )


def _given(node: ast.Call) -> list[ast.expr]:
    return [keyword.value for keyword in node.keywords]
