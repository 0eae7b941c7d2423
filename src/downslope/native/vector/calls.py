"""How compiled code calls a vector function: made part of it, or with several numbers at a time.

A function without branches is inlined at each call, and LLVM then vectorises the loop with all that is
in it. One that has a branch cannot be vectorised so. It is written twice, for one number and for a
SIMD register of them, and the call says so (LLVM's `vector-function-abi-variant`); the vectoriser then
calls the second.
"""

from collections.abc import Callable
from typing import Any

import llvmlite.binding as llvm
from llvmlite import ir

from downslope.native.vector.operand import DOUBLE, Real

Written = Callable[..., Real]
WIDE = '"prefer-vector-width"="512"'
"""Arithmetic on eight numbers at a time is faster than twice on four, where the processor has it."""
PURE = ("memory(none)", "nounwind", "willreturn")


def called(builder: Any, name: str, written: Written, args: Any, branches: bool) -> Any:
    """A call of a vector function; what it is part of may use registers of 512 bits."""
    _mark(builder.function, WIDE)
    symbol = f"downslope.{name}"
    if not branches:
        return builder.call(
            _function(builder.module, symbol, written, [DOUBLE] * len(args), "alwaysinline"), args
        )
    width = _lanes()
    wide = f"{symbol}.v{width}"
    if wide not in builder.module.globals:
        kind = ir.VectorType(DOUBLE, width)
        _keep(builder.module, _function(builder.module, wide, written, [kind] * len(args), "noinline"))
    function = _function(builder.module, symbol, written, [DOUBLE] * len(args), "noinline")
    call = builder.call(function, args)
    mangled = f"_ZGV_LLVM_N{width}{'v' * len(args)}_{symbol}({wide})"
    set.add(call.attributes, f'"vector-function-abi-variant"="{mangled}"')
    return call


def _lanes() -> int:
    """Float64s in the widest register of this processor."""
    features = llvm.get_host_cpu_features()
    return 8 if features.get("avx512f") else 4 if features.get("avx") else 2


def _function(module: Any, symbol: str, written: Written, kinds: list[Any], inlining: str) -> Any:
    """The private function of this module with that symbol, written at its first use."""
    found = module.globals.get(symbol)
    if found is None:
        found = ir.Function(module, ir.FunctionType(kinds[0], kinds), symbol)
        found.linkage = "internal"
        found.attributes.add(inlining)
        if inlining == "noinline":
            _mark(found, WIDE, *PURE)
        builder = ir.IRBuilder(found.append_basic_block())
        builder.ret(written(*(Real(builder, arg) for arg in found.args)).value)
    return found


def _mark(function: Any, *attributes: str) -> None:
    """Add attributes that llvmlite does not know."""
    for attribute in attributes:
        set.add(function.attributes, attribute)


def _keep(module: Any, function: Any) -> None:
    """Note that LLVM must not drop a function that nothing calls yet."""
    byte = ir.IntType(8).as_pointer()
    used = module.globals.get("llvm.compiler.used")
    if used is None:
        used = ir.GlobalVariable(module, ir.ArrayType(byte, 0), "llvm.compiler.used")
        used.linkage, used.section = "appending", "llvm.metadata"
        used.initializer = ir.Constant(used.value_type, [])
    kept = [*used.initializer.constant, function.bitcast(byte)]
    used.value_type = ir.ArrayType(byte, len(kept))
    used.initializer = ir.Constant(used.value_type, kept)
