"""Where vector mathematics is used: in the row loops that LLVM turns into SIMD code, and only there.

A single value is computed faster by the C library, so a program with a loop of its own, or with a
step that stops SIMD, keeps that.
"""

import ast
import hashlib
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import llvmlite.binding as llvm

from downslope.ir.nodes import Function, If, Let, walk
from downslope.rules import RULES

SIMPLE = frozenset(
    "add subtract multiply divide negative positive power float_power mul0 muladd absolute square reciprocal maximum"
    " minimum fmax fmin where copysign floor ceil trunc rint sign heaviside signbit to_float less less_equal greater"
    " greater_equal equal not_equal logical_and logical_or logical_not logical_xor both either isnan isfinite isinf"
    " bitwise_and bitwise_or bitwise_xor degrees radians".split()
)
"""Ops that LLVM vectorises by itself, or that are made of vector functions here."""


def vectorises(function: Function) -> bool:
    """Whether a loop over rows of this program becomes SIMD code, on a processor that can fuse."""
    return fused() and all(
        isinstance(stmt, If) or (isinstance(stmt, Let) and _simple(stmt.op)) for stmt in walk(function.body)
    )


@cache
def fused() -> bool:
    """Whether the processor has fused multiply-add; without it, vector functions are slow."""
    return bool(llvm.get_host_cpu_features().get("fma", True))  # where it is no option, it is there


@cache
def _simple(op: str) -> bool:
    from downslope.native.vector.mathematics import HELPERS, VECTOR  # only where rows are run

    return op in SIMPLE or op in HELPERS or op in VECTOR or _called(op) in VECTOR


def _called(op: str) -> str:
    """The function of `math` that an op's template calls, as `asin` for arcsin."""
    return RULES[op].python.partition("(")[0].removeprefix("math.")


def vectorised(text: str) -> tuple[ast.Module, Mapping[str, object]]:
    """The tree of a kernel with calls in place of powers, and what its names stand for."""
    from downslope.native.vector.mathematics import (  # only where rows are run
        HELPERS,
        VECTOR,
        mathematics,
        power,
    )

    tree = ast.fix_missing_locations(_Powers().visit(ast.parse(text)))
    own = {name: VECTOR[name] for name in ("expit", "cbrt", "ndtr", "logaddexp")}
    return tree, {**own, **HELPERS, "math": mathematics, "float_power": VECTOR["pow"], "_power": power}


class _Powers(ast.NodeTransformer):
    """`a ** b` as a call, but for constants that native code multiplies out."""

    def visit_BinOp(self, node: ast.BinOp) -> ast.expr:  # the name ast requires
        self.generic_visit(node)
        if not isinstance(node.op, ast.Pow) or _multiplied_out(node.right):
            return node
        base = node.left.value if isinstance(node.left, ast.Constant) else None
        if base in BASES:
            function = ast.Attribute(ast.Name("math", ast.Load()), BASES[base], ast.Load())
            return ast.copy_location(ast.Call(function, [node.right], []), node)
        return ast.copy_location(ast.Call(ast.Name("_power", ast.Load()), [node.left, node.right], []), node)


BASES: Mapping[object, str] = {2.0: "exp2", 10.0: "exp10"}


def _multiplied_out(exponent: ast.expr) -> bool:
    """Whether the exponent is a whole constant."""
    value = exponent.operand if isinstance(exponent, ast.UnaryOp) else exponent
    return isinstance(value, ast.Constant) and (isinstance(value.value, int) or value.value in (1.0, 2.0))


@cache
def vector_fingerprint() -> str:
    """A digest of these files, so that code compiled with other versions of them is not used."""
    digest = hashlib.sha256()
    for file in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(file.read_bytes())
    return digest.hexdigest()[:16]
