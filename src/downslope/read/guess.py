"""Which arguments of a program are arrays, as far as its text tells, before it is called."""

import ast

from downslope.ir.types import ArrayType, Kind
from downslope.read.array_names import METHODS
from downslope.read.resolve import resolve, row_of
from downslope.read.source import Source

PARTS = frozenset({"shape", "size", "T", "ndim"})


def guessed(source: Source) -> tuple[Kind, ...]:
    """The types of the arguments that their use shows: arrays of floats of some rank, or floats.

    >>> from downslope.read.source import read_source
    >>> def total(a, b):
    ...     return a[0, 1] * b
    >>> [str(kind) for kind in guessed(read_source(total))]
    ['float array of rank 2', 'f']
    """
    return tuple(_kind(source, name) for name in source.arguments)


def _kind(source: Source, name: str) -> Kind:
    rank = max((_rank(node, name, source) for node in ast.walk(source.node)), default=0)
    return ArrayType("f", rank) if rank else "f"


def _rank(node: ast.AST, name: str, source: Source) -> int:
    """The least rank that one use of an argument asks for; 0 if a number would do."""
    match node:
        case ast.Subscript(value=value) if _is_shape(value, name):
            index = node.slice
            axis = index.value if isinstance(index, ast.Constant) and isinstance(index.value, int) else 0
            return axis + 1 if axis >= 0 else -axis
        case ast.Subscript():
            depth, base = 0, node
            while isinstance(base, ast.Subscript):
                depth += _indices(base.slice)
                base = base.value  # type: ignore[assignment]  # the loop tests it
            return depth if isinstance(base, ast.Name) and base.id == name else 0
        case ast.Attribute(value=ast.Name(id=owner), attr=attr) if owner == name:
            return 1 if attr in PARTS | METHODS else 0
        case ast.Assign(targets=[ast.Tuple(elts=names)], value=value) if _is_shape(value, name):
            return len(names)
        case ast.For(iter=ast.Name(id=over)) if over == name:
            return 1
        case ast.Call(args=args) if any(isinstance(arg, ast.Name) and arg.id == name for arg in args):
            row = row_of(resolve(node.func, source.namespace))
            return 1 if row is not None and row.array else 0
        case ast.BinOp(op=ast.MatMult()) if any(
            isinstance(side, ast.Name) and side.id == name for side in (node.left, node.right)
        ):
            return 1
    return 0


def _is_shape(node: ast.expr, name: str) -> bool:
    return isinstance(node, ast.Attribute) and node.attr == "shape" and ast.unparse(node.value) == name


def _indices(node: ast.expr) -> int:
    """How many axes the brackets are for."""
    parts = node.elts if isinstance(node, ast.Tuple) else [node]
    return sum(not (isinstance(p, ast.Constant) and (p.value is None or p.value is Ellipsis)) for p in parts)
