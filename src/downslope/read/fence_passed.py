"""Refuse, among functions passed to helpers, those that cannot be read."""

import ast
from collections.abc import Iterator

from downslope.errors import Problem
from downslope.read.callables import is_helper
from downslope.read.fence_arrays import Locals, Nested
from downslope.read.fence_inner import InnerFence
from downslope.read.passed import is_partial, names_function
from downslope.read.resolve import resolve, row_of
from downslope.read.transforms import is_derivative
from downslope.rules.custom import CustomDerivative


class PassedFence(InnerFence):
    """The part of the fence for functions that are arguments."""

    def _takes_functions(self, node: ast.Call, local: Locals, nested: Nested) -> bool:
        """Whether what is called is a helper or a nested function: its arguments may be functions."""
        if isinstance(node.func, ast.Name) and (node.func.id in nested or node.func.id in local):
            return True
        target = resolve(node.func, self.source.namespace)
        return row_of(target) is None and not isinstance(target, CustomDerivative) and is_helper(target)

    def _function_given(self, node: ast.expr, local: Locals, nested: Nested) -> Iterator[Problem] | None:
        """What is wrong with an argument that is a function; None for any other argument."""
        if isinstance(node, ast.Lambda):
            return self._function(node, {**dict.fromkeys(local, node), **nested})
        if isinstance(node, ast.Name) and (node.id in local or node.id in nested):
            inner = nested.get(node.id)
            return iter(()) if isinstance(inner, ast.FunctionDef) and inner.name == node.id else None
        if is_partial(node, self.source):
            assert isinstance(node, ast.Call)
            return self._partial(node, local, nested)
        if not names_function(node, self.source):
            return None
        target = resolve(node, self.source.namespace)
        if is_derivative(target):
            return self._from_outside(target, node)
        if row_of(target) is not None:
            return iter(())
        call = ast.copy_location(ast.Call(node, [], []), node)
        return self._helper(target, call, ast.unparse(node))

    def _partial(self, node: ast.Call, local: Locals, nested: Nested) -> Iterator[Problem]:
        """What is wrong with `functools.partial(f, …)`."""
        for argument in (*node.args, *(keyword.value for keyword in node.keywords)):
            found = self._function_given(argument, local, nested)
            if found is not None:
                yield from found
            else:
                yield from self._expression(argument, local, nested)
