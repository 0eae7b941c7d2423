"""The values vector functions are written with: their Python operators write LLVM instructions.

A function such as `exponential.exp` reads as arithmetic. Called with a `Real`, it appends that
arithmetic to the code under construction; nothing is computed in Python, and Numba's type inference
never sees it, which keeps compilation fast. There are no branches: a choice is `select`.

LLVM fuses a product and a sum only where `fma` or `muladd` asks for it, so results do not depend on
what else is compiled. `fma` is always rounded once. `muladd` is fused where the processor has the
instruction, and rounded twice elsewhere; it is used only where either is accurate enough.
"""

from collections.abc import Callable, Sequence
from typing import Any

from llvmlite import ir

DOUBLE = ir.DoubleType()
WORD = ir.IntType(64)


def constant(kind: Any, number: float) -> Any:
    """A constant of a type; of a vector type, the same number throughout."""
    if isinstance(kind, ir.VectorType):
        return ir.Constant(kind, [number] * kind.count)
    return ir.Constant(kind, number)


def same_shape(kind: Any, element: Any) -> Any:
    """The type of as many elements as another type has."""
    return ir.VectorType(element, kind.count) if isinstance(kind, ir.VectorType) else element


class Truth:
    """The outcome of a comparison."""

    def __init__(self, builder: Any, value: Any) -> None:
        self.builder = builder
        self.value = value

    def __and__(self, other: "Truth") -> "Truth":
        return Truth(self.builder, self.builder.and_(self.value, other.value))

    def __or__(self, other: "Truth") -> "Truth":
        return Truth(self.builder, self.builder.or_(self.value, other.value))

    def __invert__(self) -> "Truth":
        return Truth(self.builder, self.builder.not_(self.value))


class Bits:
    """64 bits: a float64's, or a whole number that is added to its exponent."""

    def __init__(self, builder: Any, value: Any) -> None:
        self.builder = builder
        self.value = value

    def _word(self, other: "Bits | int") -> Any:
        return other.value if isinstance(other, Bits) else constant(self.value.type, other)

    def __add__(self, other: "Bits | int") -> "Bits":
        return Bits(self.builder, self.builder.add(self.value, self._word(other)))

    def __sub__(self, other: "Bits | int") -> "Bits":
        return Bits(self.builder, self.builder.sub(self.value, self._word(other)))

    def __and__(self, other: "Bits | int") -> "Bits":
        return Bits(self.builder, self.builder.and_(self.value, self._word(other)))

    def __or__(self, other: "Bits | int") -> "Bits":
        return Bits(self.builder, self.builder.or_(self.value, self._word(other)))

    def __xor__(self, other: "Bits | int") -> "Bits":
        return Bits(self.builder, self.builder.xor(self.value, self._word(other)))

    def __lshift__(self, places: int) -> "Bits":
        return Bits(self.builder, self.builder.shl(self.value, self._word(places)))

    def __rshift__(self, places: int) -> "Bits":
        return Bits(self.builder, self.builder.lshr(self.value, self._word(places)))

    def is_zero(self) -> Truth:
        """Whether no bit is set."""
        return Truth(self.builder, self.builder.icmp_unsigned("==", self.value, self._word(0)))

    def real(self) -> "Real":
        """The float64 of these bits."""
        return Real(self.builder, self.builder.bitcast(self.value, same_shape(self.value.type, DOUBLE)))


class Real:
    """A float64."""

    def __init__(self, builder: Any, value: Any) -> None:
        self.builder = builder
        self.value = value

    def lift(self, other: "Real | float") -> Any:
        """Another number as an operand beside this one."""
        return other.value if isinstance(other, Real) else constant(self.value.type, float(other))

    def like(self, number: float) -> "Real":
        """A constant."""
        return Real(self.builder, self.lift(number))

    def __add__(self, other: "Real | float") -> "Real":
        return Real(self.builder, self.builder.fadd(self.value, self.lift(other)))

    def __radd__(self, other: float) -> "Real":
        return Real(self.builder, self.builder.fadd(self.lift(other), self.value))

    def __sub__(self, other: "Real | float") -> "Real":
        return Real(self.builder, self.builder.fsub(self.value, self.lift(other)))

    def __rsub__(self, other: float) -> "Real":
        return Real(self.builder, self.builder.fsub(self.lift(other), self.value))

    def __mul__(self, other: "Real | float") -> "Real":
        return Real(self.builder, self.builder.fmul(self.value, self.lift(other)))

    def __rmul__(self, other: float) -> "Real":
        return self * other

    def __truediv__(self, other: "Real | float") -> "Real":
        return Real(self.builder, self.builder.fdiv(self.value, self.lift(other)))

    def __rtruediv__(self, other: float) -> "Real":
        return Real(self.builder, self.builder.fdiv(self.lift(other), self.value))

    def __neg__(self) -> "Real":
        return Real(self.builder, self.builder.fneg(self.value))

    def _compared(self, how: str, other: "Real | float") -> Truth:
        return Truth(self.builder, self.builder.fcmp_ordered(how, self.value, self.lift(other)))

    def __lt__(self, other: "Real | float") -> Truth:
        return self._compared("<", other)

    def __le__(self, other: "Real | float") -> Truth:
        return self._compared("<=", other)

    def __gt__(self, other: "Real | float") -> Truth:
        return self._compared(">", other)

    def __ge__(self, other: "Real | float") -> Truth:
        return self._compared(">=", other)

    def equals(self, other: "Real | float") -> Truth:
        """Whether both are the same number; false for NaN."""
        return self._compared("==", other)

    def is_nan(self) -> Truth:
        """Whether this is no number."""
        return Truth(self.builder, self.builder.fcmp_unordered("uno", self.value, self.value))

    def bits(self) -> Bits:
        """Its 64 bits."""
        return Bits(self.builder, self.builder.bitcast(self.value, same_shape(self.value.type, WORD)))


def _intrinsic(name: str, first: Real, *rest: Real | float) -> Real:
    kind = first.value.type
    shape = f"v{kind.count}f64" if isinstance(kind, ir.VectorType) else "f64"
    symbol = f"llvm.{name}.{shape}"
    module = first.builder.module
    function = module.globals.get(symbol)
    if function is None:
        function = ir.Function(module, ir.FunctionType(kind, [kind] * (1 + len(rest))), symbol)
    return Real(first.builder, first.builder.call(function, [first.value, *map(first.lift, rest)]))


def fma(a: Real, b: Real | float, c: Real | float) -> Real:
    """The sum a * b + c, rounded once."""
    return _intrinsic("fma", a, b, c)


def muladd(a: Real, b: Real | float, c: Real | float) -> Real:
    """The sum a * b + c, rounded once or twice, whichever is fast."""
    return _intrinsic("fmuladd", a, b, c)


def sqrt(x: Real) -> Real:
    """The square root, correctly rounded."""
    return _intrinsic("sqrt", x)


def absolute(x: Real) -> Real:
    """The number without its sign."""
    return _intrinsic("fabs", x)


def copysign(x: Real, sign: Real) -> Real:
    """The number with the sign of the other."""
    return _intrinsic("copysign", x, sign)


def rint(x: Real) -> Real:
    """The nearest whole number, of any size."""
    return _intrinsic("rint", x)


def select(condition: Truth, yes: Real | float, no: Real | float) -> Real:
    """One of two numbers; both are computed."""
    kind = same_shape(condition.value.type, DOUBLE)
    lifted = [x.value if isinstance(x, Real) else constant(kind, float(x)) for x in (yes, no)]
    return Real(condition.builder, condition.builder.select(condition.value, *lifted))


def looked_up(table: Sequence[float], name: str, index: Bits) -> Real:
    """table[index], from a constant of the compiled code."""
    module = index.builder.module
    kind = ir.ArrayType(DOUBLE, len(table))
    place = module.globals.get(name)
    if place is None:
        place = ir.GlobalVariable(module, kind, name)
        place.global_constant = True
        place.linkage = "internal"
        place.initializer = ir.Constant(kind, list(table))
    return Real(index.builder, _gathered(index.builder, place, index.value))


def _gathered(builder: Any, place: Any, index: Any) -> Any:
    if not isinstance(index.type, ir.VectorType):
        return builder.load(builder.gep(place, [ir.Constant(WORD, 0), index], inbounds=True))
    found = ir.Constant(ir.VectorType(DOUBLE, index.type.count), ir.Undefined)
    for lane in range(index.type.count):
        number = ir.Constant(ir.IntType(32), lane)
        element = _gathered(builder, place, builder.extract_element(index, number))
        found = builder.insert_element(found, element, number)
    return found


def rarely(condition: Truth, usual: Sequence[Real], otherwise: Callable[[], Sequence[Real]]) -> list[Real]:
    """The usual numbers, or what `otherwise` writes, which is run only where the condition holds.

    Of several lanes, all run it if one has to, so it selects by itself. This is a branch: a function
    that has one is called by SIMD code, not made part of it.
    """
    builder = condition.builder
    before = builder.block
    rare, after = builder.append_basic_block(), builder.append_basic_block()
    builder.cbranch(_any(condition), rare, after)
    builder.position_at_end(rare)
    others = otherwise()
    rare_end = builder.block
    builder.branch(after)
    builder.position_at_end(after)
    joined = []
    for a, b in zip(usual, others, strict=True):
        phi = builder.phi(a.value.type)
        phi.add_incoming(a.value, before)
        phi.add_incoming(b.value, rare_end)
        joined.append(Real(builder, phi))
    return joined


def _any(condition: Truth) -> Any:
    """Whether a condition holds in one lane or more."""
    builder, kind = condition.builder, condition.value.type
    if not isinstance(kind, ir.VectorType):
        return condition.value
    word = ir.IntType(kind.count)
    return builder.icmp_unsigned("!=", builder.bitcast(condition.value, word), ir.Constant(word, 0))
