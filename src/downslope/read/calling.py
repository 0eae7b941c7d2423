"""The part of the reader for calls that are not expanded: routines on whole arrays, given derivatives."""

from collections.abc import Callable, Sequence
from functools import cache
from typing import TYPE_CHECKING, Protocol

from downslope.errors import UnsupportedError
from downslope.ir.calls import varying
from downslope.ir.nodes import Arg, Block, Call, Callee, Dim, Function, Let, Lit, Param
from downslope.ir.types import ArrayType, Kind
from downslope.read.control import ControlReader
from downslope.read.frames import Value
from downslope.read.merging import leaves
from downslope.read.source import Source, read_source
from downslope.read.views import Buffer, Lazy, View, whole_view
from downslope.read.whole_numbers import Sum
from downslope.rules.custom import CustomDerivative

if TYPE_CHECKING:
    from downslope.rules.whole import Whole

Program = Callable[..., object]


class Lower(Protocol):
    """Reads a program as the body of a callee."""

    def __call__(self, source: Source, kinds: Sequence[Kind], like: Sequence[int], what: str) -> Function:
        """The body; its results have the shapes of the arguments at the positions `like`."""


LowerGiven = Callable[[Source, Sequence[Kind]], tuple[Function, tuple[Kind | None, ...]]]


class CallReader(ControlReader):
    """What the reader does with calls that stay calls."""

    def called(self, callee: Callee, args: Sequence[Arg], hint: str) -> tuple[Value, ...]:
        """Emit a call; its results as values, with the lengths of arrays."""
        kinds = callee.outputs
        results = tuple(self.names.fresh(hint) for _ in kinds)
        self.out.append(Call(results, callee, tuple(args), self.place))
        found: list[Value] = []
        for name, kind in zip(results, kinds, strict=True):
            found.append(self.received(name, kind, hint) if isinstance(kind, ArrayType) else name)
        return tuple(found)

    def received(self, name: str, kind: ArrayType, hint: str) -> View:
        """A fresh array that a call gave."""
        lengths: list[Arg] = []
        for axis in range(kind.rank):
            length = self.names.fresh(f"{hint}_len")
            self.out.append(Dim(length, name, axis, self.place))
            self.arrays.numbers.whole(length, Sum(0))
            lengths.append(length)
        buffer = Buffer(kind, tuple(lengths), hint)
        self.arrays.current[buffer] = name
        return whole_view(buffer)

    def passed(self, value: Value) -> Arg:
        """An argument as a call takes it: a number, or a whole array; a part of one is copied."""
        if isinstance(value, View | Lazy):
            whole = value if isinstance(value, View) and value.whole else self.whole.materialised(value)
            return self.arrays.current[whole.buffer]
        return self.argument(value)

    def floats(self, value: Value) -> Value:
        """An array as one of floats; a number as it is."""
        if isinstance(value, View | Lazy) and self.whole.type_of(value) != "f":
            return self.whole.elementwise("to_float", [value])
        return value

    def whole_call(self, rule: "Whole", values: Sequence[Value], hint: str, lower: Lower) -> Value:
        """A call of a routine on whole arrays."""
        values = [self.floats(value) for value in values]
        kinds = tuple(_kind(value) for value in values)
        callee = _whole_callee(rule, kinds, lower)  # type: ignore[arg-type]  # mypy takes no protocol for hashable
        results = self.called(callee, [self.passed(value) for value in values], hint)
        return results[0] if len(results) == 1 else results

    def given_call(
        self,
        custom: CustomDerivative,
        values: Sequence[Value],
        hint: str,
        lower: Lower,
        lower_given: LowerGiven,
    ) -> Value:
        """A call of a function whose derivative is given."""
        if any(not isinstance(value, str | Lit | View | Lazy) for value in values):
            raise self.unsupported(
                f"{custom.function.__name__} of what is neither a number nor an array",
                "a function whose derivative is given takes numbers and arrays.",
                "pass the numbers in it one by one.",
            )
        kinds = tuple(_kind(value) if isinstance(value, View | Lazy) else None for value in values)
        if kinds not in custom.read:
            custom.read[kinds] = _given_callee(custom, kinds, lower, lower_given)
        callee, several = custom.read[kinds]
        results = self.called(callee, [self.passed(value) for value in values], hint)
        return results if several else results[0]

    def stopped(self, value: Value, hint: str, lower: Lower) -> Value:
        """A value whose derivative counts as 0."""
        if isinstance(value, View | Lazy):
            return self.whole_call(whole_of("held"), [value], hint, lower)
        return self.called(_stopping(), [self.argument(value)], hint)[0]

    # ---- derivative programs -----------------------------------------------------------------------

    def fresh_results(
        self, results: Sequence[Value], models: Sequence[Value], values: Sequence[Value]
    ) -> tuple[Arg, ...]:
        """The results of a program, arrays in the shapes of `models` and in memory of their own."""
        inside = {value.buffer for value in values if isinstance(value, View)}
        outputs: list[Arg] = []
        for result, model in zip(results, models, strict=True):
            if not isinstance(result, View | Lazy) or not isinstance(model, View):
                outputs.append(self.argument(result))
                continue
            for one, other in zip(result.lengths, model.lengths, strict=True):
                self.whole.require_equal(one, other)
            own = result if isinstance(result, View) and result.whole else self.whole.materialised(result)
            own = self.whole.materialised(own) if own.buffer in inside else own
            inside.add(own.buffer)
            outputs.append(self.arrays.current[own.buffer])
        return tuple(outputs)

    def check_unchanged(self, source: Source, values: Sequence[Value], what: str) -> None:
        """Raise `UnsupportedError` if a program stores into one of its arguments."""
        for value in values:
            if isinstance(value, View) and self.arrays.stores[value.buffer]:
                raise UnsupportedError(
                    f"{what} stores into its argument {value.buffer.label!r}",
                    loc=source.loc(source.node),
                    why="its caller still needs it.",
                    fix=f"work on a copy: {value.buffer.label}.copy().",
                )


def whole_of(name: str) -> "Whole":
    """The operation on whole arrays of a name."""
    from downslope.rules.whole import WHOLE  # it loads NumPy

    return WHOLE[name]


def _kind(value: Value) -> Kind:
    if isinstance(value, View):
        return ArrayType(value.buffer.type.element, value.rank)
    return ArrayType(value.type, value.rank) if isinstance(value, Lazy) else "f"


@cache
def _whole_callee(rule: "Whole", kinds: tuple[Kind, ...], lower: Lower) -> Callee:
    outputs = rule.results(kinds)
    callee = Callee(rule.name, kinds, outputs, tuple(None for _ in outputs), routine=rule.routine, given=True)
    callee.stops = rule.jvp is None
    with_programs(callee, rule.jvp, rule.vjp, lower)
    return callee


@cache
def _stopping() -> Callee:
    body = Block((Let("y", "to_float", ("x",)),), ("y",))
    function = Function("stop_gradient", (Param("x", "x"),), body)
    return Callee("stop_gradient", (None,), (None,), (None,), function, given=True, stops=True)


def _given_callee(
    custom: CustomDerivative, kinds: tuple[Kind | None, ...], lower: Lower, lower_given: LowerGiven
) -> tuple[Callee, bool]:
    """The callee of a function whose derivative is given, and whether it has several results."""
    body, outputs = lower_given(read_source(custom.function), [kind or "f" for kind in kinds])
    name = custom.function.__name__
    callee = Callee(name, kinds, outputs, tuple(None for _ in outputs), function=body, given=True)
    with_programs(callee, custom.jvp, custom.vjp, lower)
    return callee, not body.scalar


def numbers_and_arrays(source: Source, value: Value) -> list[View | Arg]:
    """The results of a function: numbers and arrays, or a tuple of them. Raises `UnsupportedError` for others."""
    found = list(value) if isinstance(value, tuple) else [value]
    wrong = [one for one in found if not isinstance(one, str | Lit | View)]
    if wrong:
        raise UnsupportedError(
            f"{source.name} returns what is neither a number nor an array",
            loc=source.loc(source.node),
            why="its derivative is given for numbers and arrays.",
            fix="return these, or a tuple of them.",
        )
    return [one for one in found if isinstance(one, str | Lit | View)]


def with_programs(callee: Callee, jvp: Program | None, vjp: Program | None, lower: Lower) -> None:
    """Give a callee its derivative programs; they are read when they are first needed."""
    before = (*callee.params, *callee.outputs)
    inputs = varying(callee.params)
    outputs = tuple(len(callee.params) + k for k in varying(callee.outputs))
    if jvp is not None:
        callee.jvp = _reading(f"{callee.name}_jvp", jvp, before, inputs, outputs, lower)
    if vjp is not None:
        callee.vjp = _reading(f"{callee.name}_vjp", vjp, before, outputs, inputs, lower)


def _reading(
    name: str, program: Program, before: Sequence[Kind | None], given: Sequence[int], like: Sequence[int],
    lower: Lower,
) -> Callable[[], Callee]:  # fmt: skip
    """How to read a derivative program, once: what it is given after the values, and returns, is like some of them."""

    @cache
    def read() -> Callee:
        kinds = tuple(kind or "f" for kind in (*before, *(before[place] for place in given)))
        outputs = tuple(before[place] for place in like)
        callee = Callee(name, kinds, outputs, tuple(None for _ in outputs))
        callee.function = lower(read_source(program), kinds, like, name)
        return callee

    return read


def check_arguments(source: Source, kinds: Sequence[Kind], what: str) -> None:
    """Raise `UnsupportedError` unless a derivative program takes so many arguments."""
    if len(source.arguments) != len(kinds):
        raise UnsupportedError(
            f"{what} takes {len(source.arguments)} argument(s)",
            loc=source.loc(source.node),
            why=f"it is called with {len(kinds)}: arguments, results, and a derivative for each that can vary.",
            fix="take all of them, in this order.",
        )


def check_results(source: Source, value: Value, kinds: Sequence[Kind | None], what: str) -> list[Value]:
    """The results of a derivative program, one for each kind. Raises `UnsupportedError` if they do not fit."""
    found = list(leaves(value))
    ranks = [view.rank if isinstance(view, View | Lazy) else 0 for view in found]
    wanted = [kind.rank if isinstance(kind, ArrayType) else 0 for kind in kinds]
    if ranks != wanted:
        raise UnsupportedError(
            f"{what} returns {_listed(ranks)}",
            loc=source.loc(source.node),
            why=f"it must return {_listed(wanted)}: one for each value that can vary, in its shape.",
            fix="return one derivative for each.",
        )
    return found


def _listed(ranks: Sequence[int]) -> str:
    return ", ".join(f"an array of rank {rank}" if rank else "a number" for rank in ranks) or "nothing"
