"""IR tools: the check holds after the reader, every pass and mode, and finds broken IR; the text of IR."""

from dataclasses import replace

import pytest

from downslope.calculus.program import params_of, program
from downslope.emit.python import emit
from downslope.errors import UnsupportedError
from downslope.ir.check import faults
from downslope.ir.nodes import Block, Carry, Fail, For, Function, If, Let, Lit, Param, Pop, Push, While
from downslope.ir.show import shown
from downslope.modes.forward import forward
from downslope.modes.inner import expanded
from downslope.modes.reverse import reverse
from downslope.passes.simplify import simplified
from downslope.read.source import read_source
from downslope.rules import arity
from drawing import run
from programs import Drawn, programs
from zoo import ZOO, Specimen

ARITY = arity()


def sound(function: Function) -> Function:
    """The function; fails unless it is well formed."""
    found = faults(function, ARITY)
    assert not found, f"{found}\n{shown(function)}"
    return function


def transformed(one: object, wrt: tuple[int, ...]) -> None:
    """Check the IR of a program after the reader, a pass, and every mode, to second order."""
    sound(expanded(read_source(one)).function)
    read, names = program(one, wrt)
    labels = params_of(sound(read.function), names)
    ahead = sound(forward(read.function, labels))
    sound(forward(read.function, labels, seeded=True))
    sound(forward(ahead, labels))
    if read.function.scalar:
        back = sound(reverse(read.function, labels))
        sound(forward(back, labels))
        sound(forward(back, labels, seeded=True))
    sound(reverse(read.function, labels, seeded=True))
    sound(reverse(ahead, labels, seeded=True))
    sound(simplified(ahead))


@pytest.mark.parametrize("one", ZOO, ids=str)
def test_ir_of_the_zoo_is_well_formed(one: Specimen) -> None:
    transformed(one.program, one.wrt)


def test_ir_of_random_programs_is_well_formed() -> None:
    def check(drawn: Drawn) -> None:
        transformed(drawn.load(), (0, 1))

    run(programs(), check, 100, start=5)


# ---- the check can fail ---------------------------------------------------------------------------

X = (Param("x", "x"),)


def made(*body: object, yields: tuple[object, ...] = ("x",), scalar: bool = True) -> Function:
    return Function("f", X, Block(body, yields), scalar)


LOOP = For("i", Lit(0), Lit(3), Lit(1), (Carry("s", "x"),), Block((), ("s",)), ("r",))
WHILE = While((Carry("s", "x"),), Block((), (Lit(True),)), Block((), ("s",)), ("r",))
TAPED = replace(LOOP, body=Block((Push(("s",)),), ("s",)))
BACK = For("j", Lit(2), Lit(-1), Lit(-1), (), Block((Pop(("t",), ("s",)),)), ())

BROKEN = [
    (made(yields=("y",)), "'y' is read before it is defined"),
    (made(Let("y", "sin", ("z",)), Let("z", "sin", ("x",)), yields=("y",)), "'z' is read before"),
    (made(Let("x", "sin", ("x",))), "'x' is defined twice"),
    (made(Let("y", "sine", ("x",))), "there is no op 'sine'"),
    (made(Let("y", "sin", ("x", "x"))), "sin takes 1 arguments, not 2"),
    (made(Let("y", "sin", (Lit("a"),))), "the literal 'a' is not a number"),
    (made(yields=("x", "x")), "a scalar function has 2 outputs"),
    (replace(made(), params=(Param("x", "x"), Param("y", "x"))), "two inputs have one label"),
    (made(If("x", Block((), ("x",)), Block((), ()), ("y",))), "0 yields for 1 results of a branch"),
    (
        made(If("x", Block((Let("y", "sin", ("x",)),)), Block((), ()), ()), yields=("y",)),
        "'y' is read before",
    ),
    (made(replace(LOOP, body=Block((), ()))), "0 yields for 1 carries of a loop"),
    (made(replace(LOOP, results=())), "0 results for 1 carries of a loop"),
    (made(replace(LOOP, until=1)), "`until` names no carry"),
    (made(LOOP, yields=("s",)), "'s' is read before it is defined"),
    (made(LOOP, yields=("i",)), "'i' is read before it is defined"),
    (made(replace(WHILE, test=Block((), ()))), "0 values for 1 of a test"),
    (made(replace(WHILE, test=Block((Push(("s",)),), (Lit(True),)))), "the test of a loop uses the tape"),
    (made(Push(("x",))), "the tape is not empty"),
    (made(Pop(("y",), ("x",))), "the tape is not empty at the end, or it was popped when it was empty"),
    (made(Push(("x",)), Pop(("y", "z"), ("x",))), "2 names for 1 popped values"),
    (made(Push(("x",)), Pop(("y",), (Lit(1),))), "is on top of the tape"),
    (
        made(Push(("x",)), Push((Lit(1),)), Pop(("y",), ("x",)), Pop(("z",), (Lit(1),))),
        "is on top of the tape",
    ),
    (made(TAPED, yields=("r",)), "the tape is not empty"),
    (made(TAPED, Pop(("t",), ("s",)), yields=("r",)), "is on top of the tape"),
    (
        made(replace(LOOP, body=Block((Pop(("t",), ("x",)), Push(("s",))), ("s",)))),
        "a pass of a loop takes from the tape and leaves on it",
    ),
    (
        made(If("x", Block((Push(("x",)),)), Block(()), ()), If("x", Block(()), Block((Pop(("y",), ("x",)),)), ())),
        "is on top of the tape",
    ),
    (made(Fail("")), "a failure without an exception"),
]  # fmt: skip


@pytest.mark.parametrize(("function", "fault"), BROKEN)
def test_broken_ir_is_found(function: Function, fault: str) -> None:
    assert any(fault in found for found in faults(function, ARITY))


@pytest.mark.parametrize("function", [function for function, _ in BROKEN])
def test_broken_ir_is_not_emitted(function: Function) -> None:
    with pytest.raises(UnsupportedError, match="not sound"):
        emit(function)


def test_broken_ir_fails_the_tests_that_use_the_check() -> None:
    with pytest.raises(AssertionError, match="'y' is read before it is defined"):
        sound(made(yields=("y",)))


def test_what_is_pushed_in_a_loop_is_popped_in_a_loop() -> None:
    sound(made(TAPED, BACK, yields=("r",)))


# ---- the text of IR -------------------------------------------------------------------------------


def shown_program(x: float, n: int) -> float:
    s = x
    for i in range(n):
        if s > 9:
            break
        s = s * x + i
    while s < 1:
        s += 1
    assert s > 0
    return s


def test_ir_as_text() -> None:
    text = shown(expanded(read_source(shown_program)).function)
    for part in (
        "function shown_program(x, n)",
        "for i in range(0, n, 1) carrying ",
        "stop if next broke",
        "if not, stop:",
        "raise AssertionError",
        "= multiply(",
        ": s = s * x + i",
        "unset",
    ):
        assert part in text, text
    assert text.splitlines()[-1].startswith("  return s")


def test_the_tape_as_text() -> None:
    read, names = program(shown_program, 0)
    text = shown(reverse(read.function, params_of(read.function, names)))
    assert "push s" in text
    assert "(pushed as s" in text
