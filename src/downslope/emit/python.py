"""IR -> readable Python, which Numba compiles and CPython can run as well.

Values used once become part of the expression that uses them; a loop's carried values become
ordinary variables. Each group of lines is headed by the user's line that it comes from.
"""

import math
from collections import Counter
from collections.abc import Iterable, Mapping

from downslope.emit.calls import Kinds, Parts, deepest
from downslope.emit.text import ATOM, PART, POWER, RECURSIVE, UNARY, Text
from downslope.emit.variables import changed_in, ordered, uses_of, variables
from downslope.errors import Loc, UnsupportedError
from downslope.ir.calls import recursive, tapes
from downslope.ir.check import faults
from downslope.ir.nodes import (
    Arg,
    Block,
    Call,
    Callee,
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
    operands,
    walk,
)
from downslope.ir.types import ArrayType, Kind, Type
from downslope.passes.buffers import roots
from downslope.passes.types import inferred, inside, type_of
from downslope.rules import RULES, arity

LIMIT = 100_000_000
"""Passes of all `while` loops in one run before it is taken to be endless."""

WIDTH = 96
PRECEDENCE: Mapping[str, int] = {
    "logical_or": 1, "logical_and": 2, "logical_not": 3, "less": 4, "less_equal": 4, "greater": 4, "greater_equal": 4,
    "equal": 4, "not_equal": 4, "bitwise_or": 5, "bitwise_xor": 6, "bitwise_and": 7, "left_shift": 8, "right_shift": 8,
    "add": 9, "subtract": 9, "multiply": 10, "divide": 10, "floor_divide": 10, "remainder": 10, "reciprocal": 10,
    "negative": UNARY, "positive": UNARY, "invert": UNARY, "power": POWER, "square": POWER, "exp2": POWER, "exp10": POWER,
}  # fmt: skip
DTYPES: Mapping[Type, str] = {"f": "", "i": ", np.int64", "b": ", np.bool_"}
RAISED = frozenset(
    {"ArithmeticError", "AssertionError", "Exception", "FloatingPointError", "IndexError", "KeyError", "OverflowError", "RuntimeError",
     "RecursionError", "TypeError", "ValueError", "ZeroDivisionError"}
)  # fmt: skip


def check_sound(function: Function) -> None:
    """Refuse to emit what a fault of ours has made of a program, rather than give a wrong number.

    Native code would read a variable that has no value on some path as whatever is in its place.
    """
    found = faults(function, arity())
    if found:
        raise UnsupportedError(
            f"{function.name} is read in a way that is not sound", why=f"{found[0]}.",
            fix="this is a fault of downslope: please report it with the program.",
        )  # fmt: skip


class Emitter:
    """Writes one function's statements as lines of Python.

    With `fused`, for native code, a product and a sum of derivatives are one call, which rounds once,
    and the tape is an argument: where it is full, the caller gives a longer one.
    """

    def __init__(
        self,
        function: Function,
        given: Mapping[str, Kind] | None = None,
        *,
        fused: bool = False,
        parts: Parts | None = None,
        types: Mapping[str, Kind] | None = None,
    ) -> None:
        if parts is None:
            check_sound(function)
        self.function = function
        self.fused = fused
        self.types = inferred(function, given or {}) if types is None else types
        self.parts = parts or Parts(function, self.part)
        self.recursive = False
        self.lines: list[str] = []
        self.uses = uses_of(function)
        self.root = roots(function, self.types)
        self.variable = variables(function, self.uses, self.root)
        self.pending: dict[str, Text] = {}
        every = list(walk(function.body))
        self.has_tape = any(
            isinstance(stmt, Push) or (isinstance(stmt, Call) and tapes(stmt.callee)) for stmt in every
        )
        self.has_steps = any(isinstance(stmt, While) for stmt in every)
        self.room_for: tuple[Arg, ...] | None = None  # what there is room for on the tape
        self._line = 0

    def body(self, indent: int) -> list[Text]:
        """Emit the function's statements; return its outputs."""
        self.block(self.function.body, indent)
        return [self.arg(value) for value in self.function.body.yields]

    # ---- lines -------------------------------------------------------------------------------

    def fresh_run(self) -> list[str]:
        """What a run starts with: the top of its tape, and its count of `while` passes."""
        return ["top = 0"] * self.has_tape + ["steps = 0"] * self.has_steps

    def put(self, indent: int, text: str) -> None:
        """Write one line."""
        self.lines.append("    " * indent + text)

    def note(self, indent: int, loc: Loc | None) -> None:
        """Head the lines that follow with the user's line."""
        if loc is not None and loc.line != self._line:
            self._line = loc.line
            self.put(indent, f"# {loc.line}: {loc.text.strip()}")

    def block(self, block: Block, indent: int) -> None:
        """Write a block's statements; its yields are left to its owner."""
        here = Counter(arg for stmt in block.body for arg in operands(stmt) if isinstance(arg, str))
        here.update(arg for arg in block.yields if isinstance(arg, str))
        for stmt in block.body:
            self.statement(stmt, indent, here)

    def statement(self, stmt: Stmt, indent: int, here: Mapping[str, int]) -> None:
        """Write one statement; a value read once, soon, waits to be written inside its reader."""
        if isinstance(stmt, Let | Load | Dim):
            text = self.value(stmt)
            if self.uses[stmt.name] == 1 and here.get(stmt.name) == 1 and len(text.text) < WIDTH:
                self.pending[stmt.name] = text
                return
            self.note(indent, stmt.loc)
            self.put(indent, f"{self.variable[stmt.name]} = {text.text}")
            return
        if isinstance(stmt, If | For | While):
            self.settle(changed_in(stmt), indent)
        self.note(indent, stmt.loc)
        match stmt:
            case Store():
                self.store(stmt, indent)
            case Grow():
                self.grow(stmt, indent)
            case New() | Like():
                self.put(indent, f"{self.variable[stmt.name]} = {self.creation(stmt)}")
            case Call():
                self.called(stmt, indent)
            case If():
                self.branch(stmt, indent)
            case For():
                self.counted(stmt, indent)
            case While():
                self.conditional(stmt, indent)
            case Fail(exception=exception):
                self.put(indent, f"raise {exception if exception in RAISED else 'RuntimeError'}")
            case Push(values=values):
                self.push(values, indent)
            case Pop():
                self.pop(stmt, indent)

    def store(self, stmt: Store, indent: int) -> None:
        """An element in place; what was read from the array and is not written out yet comes first."""
        target, value = self.element(stmt.array, stmt.index), self.arg(stmt.value)
        self.settle([stmt.array], indent)
        self.put(indent, f"{target.text} = {value.text}")

    def grow(self, stmt: Grow, indent: int) -> None:
        """A longer array in place of one that is too short."""
        name, least = self.variable[stmt.name], self.arg(stmt.least)
        self.settle([stmt.array], indent)
        self.put(indent, f"if {name}.shape[0] < {least.inside(5)}:")
        self.put(indent + 1, f"{name} = longer({name}, {least.text})")

    def called(self, stmt: Call, indent: int) -> None:
        """Write a call; what it changes in place is no result of it."""
        callee = stmt.callee
        kinds = tuple(type_of(arg, self.types) or "f" for arg in stmt.args)
        given = [self.arg(arg, kind).text for arg, kind in zip(stmt.args, kinds, strict=True)]
        self.settle(changed_in(stmt), indent)
        pairs = zip(stmt.results, callee.memory, strict=True)
        targets = [self.variable[name] for name, place in pairs if place is None]
        if tapes(callee):
            given += ["tape", "top"]
            targets += ["top"] if self.fused else ["tape", "top"]
        if recursive(callee):
            given.append("depth + 1" if self.recursive else "0")
        name = callee.routine or self.parts.name(callee, kinds)
        self.put(indent, f"{', '.join(targets)}{' = ' * bool(targets)}{name}({', '.join(given)})")

    def part(self, callee: Callee, kinds: Kinds, name: str) -> list[str]:
        """The lines of a function that this one calls, for arguments of these types."""
        assert callee.function is not None
        types = inside(callee, kinds)
        emitter = Emitter(callee.function, fused=self.fused, parts=self.parts, types=types)
        emitter.recursive = recursive(callee)
        taped = ["tape", "top"] if tapes(callee) else []
        params = [param.name for param in callee.function.params]
        params += taped + ["depth"] * emitter.recursive
        emitter.put(0, f"def {name}({', '.join(params)}):")
        if emitter.recursive:
            emitter.put(1, f"if depth > {deepest(types)}:")
            emitter.put(2, "raise RecursionError")
        if emitter.has_steps:
            emitter.put(1, "steps = 0")
        outputs = emitter.body(1)
        pairs = zip(outputs, callee.memory, strict=True)
        results = [output.text for output, place in pairs if place is None]
        results += taped[1:] if self.fused else taped
        emitter.put(1, f"return {', '.join(results)}" if results else "return 0")
        head = RECURSIVE if emitter.recursive else PART
        return [*[head] * self.fused, *emitter.lines, "", ""]

    def settle(self, arrays: Iterable[str], indent: int) -> None:
        """Write out pending expressions that read an array which is about to change."""
        changed = {self.variable[array] for array in arrays}
        for name in [name for name, text in self.pending.items() if text.reads & changed]:
            self.put(indent, f"{self.variable[name]} = {self.pending.pop(name).text}")

    def branch(self, stmt: If, indent: int) -> None:
        """Write `if` and `else`, without a side that does nothing."""
        cond = self.arg(stmt.cond)
        sides = [self.side(stmt, block, indent + 1) for block in (stmt.then, stmt.orelse)]
        if sides[0]:
            self.put(indent, f"if {cond.text}:")
            self.lines += sides[0]
            if sides[1]:
                self.put(indent, "else:")
        elif sides[1]:
            self.put(indent, f"if not {cond.inside(4)}:")
        self.lines += sides[1]

    def side(self, stmt: If, block: Block, indent: int) -> list[str]:
        """The lines of one side of a branch, which sets the results."""
        outer, self.lines = self.lines, []
        self.block(block, indent)
        for name, value in zip(stmt.results, block.yields, strict=True):
            self.copy(self.variable[name], self.arg(value, self.types.get(name)), indent)
        inner, self.lines = self.lines, outer
        return inner

    def copy(self, target: str, value: Text, indent: int) -> None:
        """Write `target = value`, unless they are the same variable."""
        if value.text != target:
            self.put(indent, f"{target} = {value.text}")

    def counted(self, stmt: For, indent: int) -> None:
        """Write a `for` loop."""
        start, stop, step = (self.arg(value) for value in (stmt.start, stmt.stop, stmt.step))
        bounds = [start.text, stop.text, step.text] if step.text != "1" else [start.text, stop.text]
        passes = f"range({', '.join(bounds[start.text == '0' and len(bounds) == 2 :])})"
        self.start(stmt, indent)
        if (values := self.pushed(stmt)) is not None:
            each = f"{len(values)} * " if len(values) > 1 else ""
            self.make_room(f"{each}len({passes})", indent)
        outer, self.room_for = self.room_for, values
        self.put(indent, f"for {self.variable[stmt.index]} in {passes}:")
        self.inside(stmt, indent + 1)
        self.room_for = outer

    def conditional(self, stmt: While, indent: int) -> None:
        """Write a `while` loop, which counts its passes and stops at the limit."""
        self.start(stmt, indent)
        before = len(self.lines)
        self.put(indent, "while True:")
        self.block(stmt.test, indent + 1)
        test = self.arg(stmt.test.yields[0])
        if len(self.lines) == before + 1:
            self.lines[before] = "    " * indent + f"while {test.text}:"
        elif test.text != "True":
            self.put(indent + 1, f"if not {test.inside(4)}:")
            self.put(indent + 2, "break")
        self.put(indent + 1, "steps += 1")
        self.put(indent + 1, f"if steps > {LIMIT}:")
        self.put(indent + 2, "raise StopIteration")
        self.inside(stmt, indent + 1)

    def start(self, stmt: For | While, indent: int) -> None:
        """Give the carried variables the values they have before the loop."""
        for carry in stmt.carried:
            self.copy(self.variable[carry.name], self.arg(carry.init, self.types[carry.name]), indent)

    def inside(self, stmt: For | While, indent: int) -> None:
        """Write a loop's body, then the values for the next pass."""
        size = len(self.lines)
        self.block(stmt.body, indent)
        pairs = [
            (self.variable[carry.name], self.arg(value, self.types[carry.name]))
            for carry, value in zip(stmt.carried, stmt.body.yields, strict=True)
            if value != Lit(None)
        ]
        for target, value in ordered([p for p in pairs if p[0] != p[1].text]):
            self.put(indent, f"{target} = {value}")
        if stmt.until is not None:
            self.put(indent, f"if {self.variable[stmt.carried[stmt.until].name]}:")
            self.put(indent + 1, "break")
        if len(self.lines) == size:
            self.put(indent, "pass")

    def push(self, values: tuple[Arg, ...], indent: int) -> None:
        """Put values on the tape, which grows where it is full."""
        if values != self.room_for:
            self.make_room(str(len(values)), indent)
        for offset, value in enumerate(values):
            self.put(indent, f"{self.slot(offset)} = {self.arg(value).text}")
        self.put(indent, f"top += {len(values)}")

    def make_room(self, count: str, indent: int) -> None:
        """Make sure that so many numbers fit on the tape."""
        self.put(indent, f"{'if' if self.fused else 'while'} top + {count} > tape.size:")
        self.put(indent + 1, "raise MemoryError" if self.fused else "tape = grown(tape)")

    def pushed(self, stmt: For) -> tuple[Arg, ...] | None:
        """What each pass of a loop puts on the tape, if the loop is simple: then room is made once for all."""
        simple = stmt.until is None and not any(
            isinstance(s, For | While | If | Call) for s in stmt.body.body
        )
        pushes = [s for s in stmt.body.body if isinstance(s, Push)]
        return pushes[0].values if simple and len(pushes) == 1 else None

    def slot(self, offset: int) -> str:
        """A place on the tape; among arrays, indices are unsigned (see `element`)."""
        return f"tape[at(top + {offset})]" if self.root else f"tape[top + {offset}]"

    def pop(self, stmt: Pop, indent: int) -> None:
        """Take values off the tape, each as the type it had."""
        self.put(indent, f"top -= {len(stmt.names)}")
        for offset, name in enumerate(stmt.names):
            slot = self.slot(offset)
            kind = self.types.get(name, "f")
            assert not isinstance(kind, ArrayType)  # arrays are never put on the tape
            text = {"f": slot, "i": f"int({slot})", "b": f"{slot} != 0.0"}[kind]
            self.put(indent, f"{self.variable[name]} = {text}")

    # ---- expressions -------------------------------------------------------------------------

    def arg(self, value: Arg, kind: Kind | None = None) -> Text:
        """An argument as text; a literal takes the form of the variable it goes to."""
        if isinstance(value, Lit):
            return _literal(value, kind)
        if value in self.pending:
            return self.pending.pop(value)
        name = self.variable[value]
        return Text(name, ATOM, frozenset({name}))

    def value(self, stmt: Let | Load | Dim) -> Text:
        """What a statement computes, as text."""
        match stmt:
            case Load():
                return self.element(stmt.array, stmt.index)
            case Dim():
                array = self.variable[stmt.array]
                return Text(f"{array}.shape[{stmt.axis}]", ATOM, frozenset({array}))
        return self.call(stmt)

    def element(self, array: str, index: tuple[Arg, ...]) -> Text:
        """An element; a computed index is cast to unsigned, which spares a test for negative ones."""
        parts = [self.arg(value) for value in index]
        shown = [
            part.text if isinstance(i, Lit) else f"at({part.text})"
            for i, part in zip(index, parts, strict=True)
        ]
        name = self.variable[array]
        reads = frozenset[str]({name}).union(*(part.reads for part in parts))
        return Text(f"{name}[{', '.join(shown)}]", ATOM, reads)

    def creation(self, stmt: New | Like) -> str:
        """A fresh array as text."""
        if isinstance(stmt, Like):
            return f"np.zeros_like({self.variable[stmt.array]})"
        lengths = [self.arg(value).text for value in stmt.shape]
        shape = lengths[0] if len(lengths) == 1 else f"({', '.join(lengths)})"
        made = self.types[stmt.name]
        kind = DTYPES[made.element if isinstance(made, ArrayType) else stmt.type.element]
        if stmt.fill == Lit(None):
            return f"np.empty({shape}{kind})"
        if not stmt.fill.value:
            return f"np.zeros({shape}{kind})"
        return f"np.full({shape}, {_literal(stmt.fill, stmt.type.element).text}{kind})"

    def call(self, stmt: Let) -> Text:
        """One op as text, with the parentheses it needs."""
        args = [self.arg(value) for value in stmt.args]
        if stmt.op == "muladd" and not self.fused:
            return _muladd(*args)
        reads = frozenset[str]().union(*(arg.reads for arg in args))
        template, binds = self.template(stmt)
        if binds == ATOM:
            shown = [arg.text for arg in args]
        elif len(args) == 1:
            shown = [args[0].inside(binds if stmt.op == "logical_not" else binds + 1)]
        elif binds == POWER:
            shown = [args[0].inside(POWER + 1), args[1].inside(UNARY)]
        else:
            shown = [args[0].inside(binds + (binds == 4)), args[1].inside(binds + 1)]
        return Text(template.format(*shown), binds, reads)

    def template(self, stmt: Let) -> tuple[str, int]:
        """The call in Python; integers need care where Python and native code differ."""
        kinds = [type_of(arg, self.types) for arg in stmt.args]
        whole = all(kind in ("i", "b") for kind in kinds)
        if whole and stmt.op in ("floor_divide", "remainder") and not isinstance(stmt.args[1], Lit):
            return f"whole_{stmt.op}({{0}}, {{1}})", ATOM
        if stmt.op == "to_float" and kinds == ["b"]:
            return "(1.0 if {0} else 0.0)", ATOM  # Numba has no float() of a truth value
        if whole and stmt.op == "power" and self.types[stmt.name] == "f":
            return "float_power({0}, {1})", ATOM
        if stmt.op == "power" and kinds == ["f", "i"] and not isinstance(stmt.args[1], Lit):
            # Python does the same; Numba's power by an integer raises at 0 and rounds at each step.
            return "{0} ** float({1})", POWER
        return RULES[stmt.op].python, PRECEDENCE.get(stmt.op, ATOM)


def _muladd(a: Text, b: Text, c: Text) -> Text:
    binds = PRECEDENCE["add"]
    text = f"{c.inside(binds)} + {a.inside(binds + 1)} * {b.inside(binds + 2)}"
    return Text(text, binds, a.reads | b.reads | c.reads)


def _literal(value: Lit, kind: Kind | None) -> Text:
    number = value.value
    if isinstance(kind, ArrayType):  # never read: its variable is set on another path only
        return Text(f"np.empty(({'0, ' * kind.rank}){DTYPES[kind.element]})")
    if number is None:
        return Text({"f": "0.0", "i": "0", "b": "False"}[kind or "f"])
    if kind == "f" and not isinstance(number, float):
        number = float(number)
    if isinstance(number, float) and not math.isfinite(number):
        text = "math.nan" if math.isnan(number) else "math.inf" if number > 0 else "-math.inf"
    else:
        text = repr(number)
    return Text(text, UNARY if text.startswith("-") else ATOM)


def emit(
    function: Function, given: Mapping[str, Kind] | None = None, name: str = "", *, fused: bool = False
) -> str:
    """The function as Python source text (without imports); `fused` is for native code.

    >>> from downslope.ir.nodes import Block, Function, Let, Lit, Param
    >>> square = Let("y", "multiply", ("x", "x"))
    >>> print(emit(Function("f", (Param("x", "x"),), Block((square,), ("y",)))))
    def f(x):
        return x * x
    """
    emitter = Emitter(function, given, fused=fused)
    if name.startswith("_"):
        emitter.parts = Parts(function, emitter.part, f"{name}_")
    emitter.put(0, f"def {name or function.name}({', '.join(param.name for param in function.params)}):")
    if emitter.has_tape:
        emitter.put(1, "tape = np.empty(64)")
    for line in emitter.fresh_run():
        emitter.put(1, line)
    outputs = [output.text for output in emitter.body(1)]
    text = ", ".join(outputs)
    if not function.scalar and len(outputs) == 1:
        text += ","
    emitter.put(1, f"return {text}")
    return "\n".join([*emitter.parts.lines(), *emitter.lines])
