"""Refuse what objects in a program may not be used for; what depends on their class is refused by the reader."""

import ast

from downslope.ir.structure import Leaf, shape_of
from downslope.read.classes import FUNCTIONS, is_lasting, is_readable
from downslope.read.fence_effects import EffectFence
from downslope.read.resolve import resolve
from downslope.read.tables import is_table


class ObjectFence(EffectFence):
    """The part of the fence for objects."""

    def _of_objects(self, node: ast.Call, target: object) -> bool:
        """Whether a call makes an object, or is of a function or class that the reader takes apart."""
        if id(target) in FUNCTIONS or is_readable(target):
            return True
        func = node.func
        if isinstance(func, ast.Call):
            return resolve(func.func, self.source.namespace) is type
        if isinstance(func, ast.Attribute):
            return is_readable(resolve(func.value, self.source.namespace))
        return False


def is_constant(value: object) -> bool:
    """Whether a value from outside is read although it is no number: a class, or a structure that cannot change."""
    if is_readable(value) or value is NotImplemented or is_table(value):
        return True
    shape = shape_of(value)
    return not isinstance(shape, Leaf) and is_lasting(shape)
