"""Refuse statements that are only there for what they change, except those that change the program's own values."""

import ast
from abc import abstractmethod
from collections.abc import Iterator

from downslope.errors import Problem
from downslope.read.callables import is_helper
from downslope.read.fence_arrays import ArrayFence, Locals, Nested
from downslope.read.resolve import resolve, row_of
from downslope.read.structure import is_procedure


class EffectFence(ArrayFence):
    """The part of the fence for calls that stand alone, and for `del`."""

    def _effect(self, node: ast.Expr, local: Locals, nested: Nested) -> Iterator[Problem]:
        """A call on a line of its own: of a helper, which may store into its arguments, or of a list's method."""
        call = node.value
        if not isinstance(call, ast.Call) or not self._acts(call, local, nested):
            yield self._refused(node)
        else:
            yield from self._call(call, local, nested)

    def _acts(self, call: ast.Call, local: Locals, nested: Nested) -> bool:
        """Whether a call may change a value of the program."""
        match call.func:
            case ast.Attribute(value=value) if self._inside(value, local, nested):
                return True
            case ast.Name(id=name) if name in nested or name in local:
                return True
        target = resolve(call.func, self.source.namespace)
        return self._of_objects(call, target) or (row_of(target) is None and is_helper(target))

    @abstractmethod
    def _of_objects(self, node: ast.Call, target: object) -> bool:
        """Whether a call makes or takes an object."""

    def _deleted(self, node: ast.Delete, local: Locals, nested: Nested) -> Iterator[Problem]:
        """`del name` and `del list[index]`."""
        for target in node.targets:
            match target:
                case ast.Name():
                    continue
                case ast.Subscript(slice=index) if not isinstance(index, ast.Slice | ast.Tuple):
                    yield from self._element(target, local, nested)
                case _:
                    yield self._refused(target)

    def _ends(self, node: ast.FunctionDef, helper: bool) -> Iterator[Problem]:
        """What is wrong with a function that may end without `return`."""
        if not (helper and is_procedure(node)):
            yield self._problem(
                node,
                f"{node.name!r} may end without returning a number",
                "a path through the function has no return statement.",
                "return a number on every path.",
            )
