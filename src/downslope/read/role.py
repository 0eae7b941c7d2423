"""What a number does where it stands: whether its position lets a derivative through."""

import ast
from collections.abc import Mapping
from dataclasses import dataclass

from downslope.read.literals import literal

ROUNDING = frozenset({"int", "bool", "round", "floor", "ceil", "trunc", "rint", "fix", "sign"})
COUNTING = frozenset({"axis", "ddof", "decimals", "ndim", "shape", "size"})
SHAPES: Mapping[str, tuple[int, ...] | None] = {
    "zeros": (0,), "ones": (0,), "empty": (0,), "full": (0,), "identity": (0,), "eye": (0, 1), "linspace": (2,),
    "repeat": (1,), "tile": (1,), "roll": (1,), "reshape": None, "enumerate": (1,),
}  # fmt: skip
"""Calls with arguments that say how many: their positions, or None for all."""


@dataclass(frozen=True, slots=True)
class Role:
    """Why a number cannot be learnt where it stands (empty: it can), and whether it must stay whole."""

    why: str = ""
    whole: bool = False


FREE = Role()


def role(node: ast.AST, parents: Mapping[ast.AST, ast.AST], value: float | int) -> Role:
    """The role of a number, or of a name that holds it.

    >>> from downslope.read.literals import parents_of
    >>> tree = ast.parse("range(n + 3)", mode="eval")
    >>> role(tree.body.args[0].right, parents_of(tree), 3).why
    'it is a loop bound'
    """
    child, parent = node, parents.get(node)
    while parent is not None:
        found = _at(child, parent, child is node and isinstance(value, int))
        if found is not FREE:
            return found
        if isinstance(parent, ast.stmt | ast.Lambda):
            return FREE
        child, parent = parent, parents.get(parent)
    return FREE


def _at(child: ast.AST, parent: ast.AST, itself_whole: bool) -> Role:
    """What a parent does with a number below its child."""
    match parent:
        case ast.Compare():
            return Role("it is only compared: the derivative of a comparison is zero")
        case ast.If(test=test) | ast.While(test=test) | ast.IfExp(test=test) if test is child:
            return Role("it only decides which branch runs: the derivative is zero")
        case ast.Assert() | ast.Raise():
            return Role("it is only part of a check")
        case ast.Call():
            return _in_call(child, parent)
        case ast.keyword(arg=str() as name) if name in COUNTING:
            return Role(f"it is the argument {name!r}, a whole number", True)
        case ast.Subscript(slice=index) if index is child:
            return Role("it is an index", True)
        case ast.BinOp(op=ast.BitAnd() | ast.BitOr() | ast.BitXor() | ast.LShift() | ast.RShift()):
            return Role("its bits are used", True)
        case ast.BinOp(op=ast.FloorDiv()):
            return Role("it enters a whole number, whose derivative is zero")
        case ast.BinOp(op=ast.Mult(), left=ast.List() | ast.Tuple(), right=other) if other is child:
            return Role("it is the length of a list", True)
        case ast.BinOp(op=ast.Pow(), right=right) if right is child and itself_whole:
            return Role("it is a whole exponent")
        case ast.AugAssign(op=ast.Pow(), value=right) if right is child and itself_whole:
            return Role("it is a whole exponent")
    return FREE


def _in_call(child: ast.AST, call: ast.Call) -> Role:
    name = (
        call.func.attr
        if isinstance(call.func, ast.Attribute)
        else call.func.id
        if isinstance(call.func, ast.Name)
        else ""
    )
    if name == "range":
        return Role("it is a loop bound", True)
    if name == "round" and len(call.args) > 1 and child is not call.args[0]:
        return Role("it is a number of digits", True)
    if name in SHAPES:
        places = SHAPES[name]
        counted = (
            child in call.args
            if places is None
            else any(child is call.args[i] for i in places if i < len(call.args))
        )
        if counted:
            return Role(f"it is a size or a count in {name}", True)
    if name in ROUNDING:
        return Role("it enters a whole number, whose derivative is zero")
    return FREE


def is_part(node: ast.AST, parents: Mapping[ast.AST, ast.AST]) -> bool:
    """Whether a number is the operand of a minus that makes one literal with it."""
    parent = parents.get(node)
    return isinstance(parent, ast.UnaryOp) and literal(parent) is not None
