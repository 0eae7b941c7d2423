"""Runs IR step by step and remembers, for every value that is NaN or infinite, where that arose.

For finding faults, not for speed: the program itself and its derivative programs run in the same way.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from downslope.errors import DownslopeError, Loc
from downslope.ir.nodes import (
    Arg,
    Block,
    Call,
    Dim,
    Fail,
    For,
    Function,
    Grow,
    If,
    Let,
    Like,
    Lit,
    Load,
    New,
    Pop,
    Push,
    Stmt,
    Store,
    While,
)  # fmt: skip

Apply = Callable[[Let, Sequence[Any]], Any]
"""What an op gives for these values of its arguments, as IEEE arithmetic does."""
Run = Callable[[Call, Sequence[Any]], Sequence[Any]]
"""What the routine of a call gives for these arguments."""
PASSES = 1_000_000
"""Passes of one `while` loop after which it is taken to be endless."""
DTYPES: Mapping[str, type] = {"f": np.float64, "i": np.int64, "b": np.bool_}


@dataclass(frozen=True, slots=True)
class Pass:
    """Which pass of a loop: the value of its index, or for a `while` loop the number of the pass, from 1."""

    loc: Loc | None
    number: int


@dataclass(frozen=True, slots=True)
class Event:
    """Where a value that is not finite arose, or where the program raised (then `value` is None).

    `name` is the value's name in the IR. `loops` has the pass of each loop around, outermost first.
    `cause` is where an infinite operand came from that made this NaN.
    """

    op: str
    operands: tuple[Any, ...]
    value: float | None
    name: str
    loc: Loc | None
    loops: tuple[Pass, ...] = ()
    cause: "Event | None" = None

    @property
    def first(self) -> "Event":
        """Where it all began."""
        return self.cause.first if self.cause else self


class Stopped(Exception):  # it is how a run ends, and never leaves this library
    """The program raised; `event` says where."""

    def __init__(self, event: Event) -> None:
        self.event = event
        super().__init__(event.op)


class Endless(Exception):  # as above
    """A `while` loop made more passes than are waited for."""

    def __init__(self, loc: Loc | None) -> None:
        self.loc = loc
        super().__init__(loc)


@dataclass
class Buffer:
    """An array, with where each of its elements that are not finite arose."""

    data: np.ndarray
    origin: str  # what an element that is not finite from the start comes from
    events: dict[tuple[int, ...], Event] = field(default_factory=dict)


def _no_routine(stmt: Call, _values: Sequence[Any]) -> Sequence[Any]:
    raise DownslopeError(
        f"there is no routine {stmt.callee.routine} here", loc=stmt.loc, why="ops alone were given.",
        fix="report this.",
    )  # fmt: skip


def _with_room(buffer: Buffer, least: int) -> Buffer:
    """The array with at least so many places along its first axis."""
    held = len(buffer.data)
    if held >= least:
        return buffer
    bigger = np.zeros((max(2 * held, least), *buffer.data.shape[1:]), buffer.data.dtype)
    bigger[:held] = buffer.data
    return Buffer(bigger, buffer.origin, buffer.events)


class Interpreter:
    """Runs one function once. `first` is where the first value that is not finite arose, whatever came of it.

    >>> from downslope.ir.nodes import Param
    >>> root = Let("y", "divide", (Lit(1.0), "x"))
    >>> run = Interpreter(Function("f", (Param("x", "x"),), Block((root,), ("y",))), lambda _let, _values: math.inf)
    >>> run((0.0,)), run.first.operands
    (((inf, Event(op='divide', operands=(1.0, 0.0), value=inf, name='y', loc=None, loops=(), cause=None)),), (1.0, 0.0))
    """

    def __init__(self, function: Function, apply: Apply, run: Run | None = None) -> None:
        self.function, self.apply = function, apply
        found: Run = getattr(apply, "routine", _no_routine)
        self.run = found if run is None else run
        self.first: Event | None = None
        self._values: dict[str, Any] = {}
        self._events: dict[str, Event] = {}
        self._tape: list[tuple[Any, Event | None]] = []
        self._loops: list[Pass] = []

    def __call__(self, values: Sequence[Any]) -> tuple[tuple[Any, Event | None], ...]:
        """Each output, with where it arose if it is not finite. Raises `Stopped` where the program raises."""
        for param, value in zip(self.function.params, values, strict=True):
            if isinstance(value, np.ndarray):
                self._values[param.name] = Buffer(value.copy(), "input")
            else:
                self._set(
                    param.name, value, self._judged("input", (), value, param.label, self.function.loc, ())
                )
        with np.errstate(all="ignore"):
            self._block(self.function.body)
        return tuple(self._output(output) for output in self.function.body.yields)

    # ---- values --------------------------------------------------------------------------------

    def _get(self, arg: Arg) -> tuple[Any, Event | None]:
        if isinstance(arg, Lit):
            return arg.value, None
        return self._values[arg], self._events.get(arg)

    def _set(self, name: str, value: Any, event: Event | None) -> None:
        self._values[name] = value
        self._events.pop(name, None)
        if event is not None:
            self._events[name] = event

    def _output(self, arg: Arg) -> tuple[Any, Event | None]:
        value, event = self._get(arg)
        if not isinstance(value, Buffer):
            return value, event
        bad = [tuple(map(int, index)) for index in np.argwhere(~np.isfinite(value.data))]
        return value.data, self._element(value, bad[0], arg, self.function.loc) if bad else None

    def _element(self, buffer: Buffer, index: tuple[int, ...], arg: Arg, loc: Loc | None) -> Event | None:
        value = buffer.data[index].item()
        return buffer.events.get(index) or self._judged(buffer.origin, index, value, str(arg), loc, ())

    def _judged(
        self, op: str, operands: tuple[Any, ...], value: Any, name: str, loc: Loc | None,
        before: Sequence[Event | None],
    ) -> Event | None:  # fmt: skip
        """Where a value arose that is not finite: an infinity or NaN is handed on, a NaN made of infinities is new."""
        if not isinstance(value, float) or math.isfinite(value):
            return None
        known = [event for event in before if event is not None]
        same = [e for e in known if math.isnan(value) == (e.value is None or math.isnan(e.value))]
        if same:
            return same[0]
        event = Event(op, operands, value, name, loc, tuple(self._loops), known[0] if known else None)
        self.first = self.first or event.first
        return event

    # ---- statements ----------------------------------------------------------------------------

    def _block(self, block: Block) -> None:
        for stmt in block.body:
            self._statement(stmt)

    def _statement(self, stmt: Stmt) -> None:
        match stmt:
            case Let():
                self._let(stmt)
            case Load() | Store() | Grow() | New() | Like() | Dim():
                self._array(stmt)
            case Call():
                self._call(stmt)
            case If():
                side = stmt.then if self._get(stmt.cond)[0] else stmt.orelse
                self._block(side)
                self._hand_over(stmt.results, side.yields)
            case For():
                numbers = (int(self._get(bound)[0]) for bound in (stmt.start, stmt.stop, stmt.step))
                self._hand_over([c.name for c in stmt.carried], [c.init for c in stmt.carried])
                for number in range(*numbers):
                    self._values[stmt.index] = number
                    if not self._pass(stmt, number):
                        break
                self._hand_over(stmt.results, [c.name for c in stmt.carried])
            case While():
                self._while(stmt)
            case Fail(exception=exception):
                raise Stopped(Event(f"raise {exception}", (), None, "", stmt.loc, tuple(self._loops)))
            case Push(values=values):
                self._tape += map(self._get, values)
            case Pop(names=names):
                for name in reversed(names):
                    self._set(name, *self._tape.pop())

    def _let(self, stmt: Let) -> None:
        operands, before = zip(*map(self._get, stmt.args), strict=True)
        try:
            value = self.apply(stmt, operands)
        except (ArithmeticError, ValueError) as error:
            place = tuple(self._loops)
            raise Stopped(
                Event(f"{stmt.op} raises {type(error).__name__}", operands, None, stmt.name, stmt.loc, place)
            ) from error
        self._set(stmt.name, value, self._judged(stmt.op, operands, value, stmt.name, stmt.loc, before))

    def _call(self, stmt: Call) -> None:
        """A run of the callee, which shares the tape; what a routine gives arises in it."""
        given = [self._get(arg) for arg in stmt.args]
        if stmt.callee.function is None:
            values = [v.data if isinstance(v, Buffer) else v for v, _ in given]
            for name, value in zip(stmt.results, self.run(stmt, values), strict=True):
                self._receive(stmt, name, value)
            return
        inner = Interpreter(stmt.callee.function, self.apply, self.run)
        inner.first, inner._tape, inner._loops = self.first, self._tape, self._loops
        for param, found in zip(stmt.callee.function.params, given, strict=True):
            inner._set(param.name, *found)
        inner._block(stmt.callee.function.body)
        self.first = inner.first
        for name, value in zip(stmt.results, stmt.callee.function.body.yields, strict=True):
            self._set(name, *inner._get(value))

    def _receive(self, stmt: Call, name: str, value: Any) -> None:
        if isinstance(value, np.ndarray):
            self._values[name] = Buffer(value, stmt.callee.name)
        else:
            self._set(name, value, self._judged(stmt.callee.name, (), value, name, stmt.loc, ()))

    def _array(self, stmt: Load | Store | Grow | New | Like | Dim) -> None:
        match stmt:
            case New(name=name, shape=shape, type=kind, fill=fill):
                blank = (math.nan if kind.element == "f" else 0) if fill.value is None else fill.value
                lengths = [self._get(length)[0] for length in shape]
                self._values[name] = Buffer(np.full(lengths, blank, DTYPES[kind.element]), "not set")
                return
            case Dim(name=name, array=array, axis=axis):
                self._set(name, self._values[array].data.shape[axis], None)
                return
            case Like(name=name, array=array):
                self._values[name] = Buffer(np.zeros(self._values[array].data.shape), "not set")
                return
        buffer = self._values[stmt.array]
        if isinstance(stmt, Grow):
            self._values[stmt.name] = _with_room(buffer, int(self._get(stmt.least)[0]))
            return
        index = tuple(int(self._get(part)[0]) for part in stmt.index)
        if isinstance(stmt, Load):
            self._set(
                stmt.name, buffer.data[index].item(), self._element(buffer, index, stmt.array, stmt.loc)
            )
            return
        value, event = self._get(stmt.value)
        buffer.data[index] = value
        buffer.events.pop(index, None)
        if event is not None:
            buffer.events[index] = event
        self._values[stmt.name] = buffer

    # ---- loops ---------------------------------------------------------------------------------

    def _hand_over(self, names: Sequence[str], args: Sequence[Arg]) -> None:
        """Give values new names, all at once."""
        for name, found in zip(names, [self._get(arg) for arg in args], strict=True):
            self._set(name, *found)

    def _while(self, stmt: While) -> None:
        names = [carry.name for carry in stmt.carried]
        self._hand_over(names, [carry.init for carry in stmt.carried])
        number = 0
        while True:
            number += 1
            if number > PASSES:
                raise Endless(stmt.loc)
            self._loops.append(Pass(stmt.loc, number))
            self._block(stmt.test)
            self._loops.pop()
            if not self._get(stmt.test.yields[0])[0] or not self._pass(stmt, number):
                break
        self._hand_over(stmt.results, names)

    def _pass(self, stmt: For | While, number: int) -> bool:
        """One pass; whether there may be another."""
        self._loops.append(Pass(stmt.loc, number))
        self._block(stmt.body)
        self._loops.pop()
        self._hand_over([carry.name for carry in stmt.carried], stmt.body.yields)
        return stmt.until is None or not self._values[stmt.carried[stmt.until].name]
