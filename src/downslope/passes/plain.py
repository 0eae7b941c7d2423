"""Derivatives without a test for zero in each product, for a first try.

A zero cotangent wins over an infinite partial (`mul0`), which costs a test in each product and keeps it from being
fused with a sum. Without the test the product is NaN, and NaN stays NaN in every sum and product after it, until
a result has it or a branch not taken drops it, as it drops what the test gives. So results without NaN are those
of the careful program, up to rounding; where there is one, the careful program runs.
"""

from collections import Counter
from dataclasses import replace

from downslope.ir.nodes import Block, Function, Let, Stmt, blocks, operands, walk, with_blocks


def careful(function: Function) -> bool:
    """Whether a function tests products for zero."""
    return any(isinstance(stmt, Let) and stmt.op == "mul0" for stmt in walk(function.body))


def plain(function: Function) -> Function:
    """The function with plain products, fused with the sums that they are a part of.

    >>> from downslope.ir.nodes import Param
    >>> steps = (Let("p", "mul0", ("x", "y")), Let("s", "add", ("z", "p")))
    >>> plain(Function("f", (Param("x", "x"),), Block(steps, ("s",)))).body.body
    (Let(name='s', op='muladd', args=('x', 'y', 'z'), loc=None),)
    """
    uses: Counter[object] = Counter(function.body.yields)
    for stmt in walk(function.body):
        uses.update(operands(stmt))
        uses.update(arg for block in blocks(stmt) for arg in block.yields)
    return replace(function, body=_block(function.body, uses))


def _block(block: Block, uses: Counter[object]) -> Block:
    products: dict[object, Let] = {}  # those of this block with one reader
    fused: set[object] = set()
    out: list[Stmt] = []
    for stmt in block.body:
        match stmt:
            case Let(op="mul0"):
                stmt = replace(stmt, op="multiply")
                if uses[stmt.name] == 1:
                    products[stmt.name] = stmt
            case Let(op="add", args=(left, right)):
                product = products.get(right) or products.get(left)
                if product is not None:
                    other = left if product.name == right else right
                    fused.add(product.name)
                    stmt = replace(stmt, op="muladd", args=(*product.args, other))
            case _:
                stmt = with_blocks(stmt, lambda inner: _block(inner, uses))
        out.append(stmt)
    return replace(block, body=tuple(s for s in out if not (isinstance(s, Let) and s.name in fused)))
