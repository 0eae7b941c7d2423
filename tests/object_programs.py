"""Draws programs with objects: several names for one, parts of others, branches, loops, methods, helpers.

python tests/object_programs.py 0 1000   compares the programs of a thousand seeds with dual numbers
"""

import linecache
import math
import random
import sys
from collections import Counter
from collections.abc import Callable
from typing import Any

import downslope as ds
from downslope.errors import UnsupportedError

HEAD = """import math
from dataclasses import dataclass


@dataclass
class Box:
    a: float
    b: float

    def swap(self):
        self.a, self.b = self.b, self.a

    def mix(self, other, k):
        self.a = math.tanh(self.a + k * other.b)
        return self


@dataclass
class Pair:
    l: Box
    r: Box


def pick(u, v):
    if u.a > v.b:
        return u
    return v


def bump(u, k):
    u.b = math.sin(u.b * k)
    u = Box(k, u.a)
    return u


def program(x, y, n):
    p = Box(x, y)
    q = Box(y, 0.4)
    r = q
    s = 0.1
    h = Pair(p, Box(x, x))
    xs = [q, Box(0.2, y)]
    d = {"k": h.r}
"""
TAIL = (
    "    return s + p.a + 2.0 * p.b + 3.0 * q.a + 5.0 * q.b + 7.0 * r.a + 11.0 * r.b + 0.3 * h.l.a"
    " + 0.7 * h.r.b + 1.3 * xs[0].b + 1.7 * xs[1].a + 1.9 * d['k'].a\n"
)
NAMES = ("p", "q", "r")
PLACES = (*NAMES, "h.l", "h.r", "xs[0]", "xs[1]", "d['k']")


class Drawing:
    """One program, statement by statement."""

    def __init__(self, seed: int) -> None:
        self.rng = random.Random(seed)
        self.lines: list[str] = []

    def text(self) -> str:
        """The program."""
        for _ in range(self.rng.randint(2, 6)):
            self.statement(1)
        return HEAD + "".join(f"{line}\n" for line in self.lines) + TAIL

    def place(self) -> str:
        """Where an object is."""
        return self.rng.choice(PLACES if self.rng.random() < 0.5 else NAMES)

    def number(self) -> str:
        """A number that stays small."""
        one, other = self.place(), self.place()
        return self.rng.choice(
            (f"{one}.a", f"{one}.b", f"{other}.a", "x", "y", "0.3", "s", f"math.tanh({one}.a * {other}.b)")
        )

    def object(self) -> str:
        """A new object, or one that is there."""
        return self.rng.choice(
            (
                f"Box({self.number()}, {self.number()})", self.place(), self.place(),
                f"pick({self.place()}, {self.place()})", f"bump({self.place()}, {self.number()})",
                f"({self.place()} if {self.number()} > {self.number()} else {self.place()})",
            )
        )  # fmt: skip

    def statement(self, depth: int) -> None:
        """A statement, with what is in it."""
        pad = "    " * depth
        if depth < 3 and self.rng.random() < 0.35:
            loops = ("for i in range(n):", "for i in range(3):", "for i in range(0):", "for o in xs:")
            head = (
                f"if {self.number()} > {self.number()}:"
                if self.rng.random() < 0.5
                else self.rng.choice(loops)
            )
            self.lines.append(pad + head)
            for _ in range(self.rng.randint(1, 3)):
                self.statement(depth + 1)
            return
        self.lines.append(pad + self.rng.choice(self.simple()))

    def simple(self) -> tuple[str, ...]:
        """Statements of one line, to choose from."""
        place, target = self.place(), self.rng.choice(PLACES)
        return (
            f"{place}.a = {self.number()} + 0.5 * {self.number()}", f"{place}.b = 0.7 * {self.number()}",
            f"{place}.b *= {self.number()}", f"{target} = {self.object()}", f"{target} = {self.object()}",
            f"{place}.swap()", f"{self.rng.choice(NAMES)} = {place}.mix({self.place()}, {self.number()})",
            "p, q = q, p", f"s = 0.5 * s + {self.number()}", f"h = Pair({place}, {self.place()})",
        )  # fmt: skip


def loaded(seed: int) -> tuple[Callable[..., Any], tuple[float, float, int]]:
    """The program of a seed, whose text can be read through `linecache`, and arguments."""
    text, file = Drawing(seed).text(), f"<objects {seed}>"
    linecache.cache[file] = (len(text), None, text.splitlines(keepends=True), file)
    scope: dict[str, Any] = {"__name__": __name__}
    exec(compile(text, file, "exec"), scope)  # our own text
    return scope["program"], (0.43, 0.61, seed % 4)


def compared(seed: int) -> bool:
    """Whether a program is read; fails where a derivative is not that of dual numbers."""
    program, args = loaded(seed)
    try:
        right = ds.derivative(program, ("x", "y"), "dual")(*args)
    except UnsupportedError:
        return False
    for mode in ("forward", "reverse"):
        found = ds.derivative(program, ("x", "y"), mode, engine="python")(*args)  # type: ignore[arg-type]  # a mode
        for one, other in zip(found, right, strict=True):
            assert math.isclose(one, other, rel_tol=1e-9, abs_tol=1e-9), f"seed {seed}: {found} != {right}"
    return True


if __name__ == "__main__":
    first, count = map(int, sys.argv[1:])
    told = Counter("compared" if compared(seed) else "refused" for seed in range(first, first + count))
    sys.stdout.write(f"{dict(told)}\n")
