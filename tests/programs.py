"""Hypothesis draws whole programs: nested control flow, helpers, ints and floats, always well defined.

Variables are set before any statement, every loop has a bound of its own, and each function is
called inside its domain; so a drawn program always ends with a finite number.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from hypothesis import strategies as st

from drawing import loaded, long_run

Draw = Callable[[st.SearchStrategy[Any]], Any]
PAD = "    "
FLOATS = ("x", "y", "a", "b", "c")
HELPERS = """
def clamp(v, low=-3.0, high=3.0):
    if v < low:
        return low
    return high if v > high else v


def settle(v, w, *, rate=0.5):
    for k in range(6):
        v = v * rate + w
        if abs(v) > 2:
            return v * 0.5 + k
    else:
        v += 0.25
    return math.tanh(v)


def both(v, w):
    return v - w, math.sin(v) * w

"""
HEAD = f"import math\n\nSCALE = 0.8\n\n{HELPERS}\ndef program(x, y, n):\n"
START = ("a = x * y", "b = 1.0", "c = SCALE", "m = 2")
NUMBERS = (
    "(N + N)", "(N - N)", "math.tanh(N * N)", "math.sin(N)", "math.cos(N)", "N / (1 + (N) ** 2)",
    "math.exp(-abs(N))", "math.sqrt(1 + (N) ** 2)", "max(N, N)", "min(N, 2.0)", "(N if C else N)",
    "math.atan(N) * 2", "math.log(2 + (N) ** 2)", "clamp(N) ** 3", "clamp(N, high=1.5)",
    "settle(N, clamp(N), rate=0.4)", "sum(both(N, 0.5))", "-(N) * 0.5", "(N and N)", "(N or N)",
    "math.atan2(N, 1 + abs(N))", "math.cos(N) ** (m % 5)", "(C) * N", "N % 1.5", "round(N) * N",
)  # fmt: skip
CONDITIONS = (
    "V O V", "V O 0.5", "V O m", "not V O V", "V O V or m == 3", "m > 1 and V O V", "0 < V < V + 2",
    "m % 2 == 0", "clamp(V) > 0.5",
)  # fmt: skip


@dataclass(frozen=True)
class Drawn:
    """A program and the arguments to run it at."""

    text: str
    args: tuple[float, float, int]

    def __repr__(self) -> str:
        return f"at {self.args}\n{self.text}"

    def load(self) -> Callable[..., Any]:
        """The function."""
        return loaded(self.text)


@dataclass
class _Writer:
    """Writes one function body; `draw` decides."""

    draw: Draw
    loops: int = field(default=0)

    def pick(self, *options: Any) -> Any:
        return self.draw(st.sampled_from(options))

    def block(self, depth: int, most: int, in_loop: bool, least: int = 1) -> list[str]:
        lines: list[str] = []
        for _ in range(self.draw(st.integers(least, most))):
            lines += self.statement(depth, in_loop)
        return lines

    def statement(self, depth: int, in_loop: bool) -> list[str]:
        simple = (self.assign, self.assign, self.assign, self.augment, self.swap, self.integer)
        kinds: list[Callable[[str, int, bool], list[str]]] = list(simple)
        if depth < 4:
            kinds += [self.branch, self.branch, self.counted, self.conditional_loop]
        if depth > 1 or in_loop:
            kinds.append(self.leave)
        return list(self.pick(*kinds)(PAD * depth, depth, in_loop))

    def assign(self, pad: str, depth: int, in_loop: bool) -> list[str]:
        return [f"{pad}{self.pick(*FLOATS)} = {self.number(2)}"]

    def augment(self, pad: str, depth: int, in_loop: bool) -> list[str]:
        name = self.pick(*FLOATS)
        change = self.pick(f"+= {self.number(1)}", f"-= {self.number(1)}", "*= 0.75", "/= 1.5")
        return [f"{pad}{name} {change}"]

    def swap(self, pad: str, depth: int, in_loop: bool) -> list[str]:
        rotated = f"a, b, c = b, c, {self.number(1)}"
        return [pad + self.pick("a, b = b, a", rotated, "b, c = both(clamp(b), clamp(c))", "x, c = c, x")]

    def integer(self, pad: str, depth: int, in_loop: bool) -> list[str]:
        step = self.draw(st.integers(0, 5))
        return [pad + self.pick(f"m = (m * 3 + {step}) % 7", "m += 1", "m = m // 2", "m = int(clamp(a)) + n")]

    def branch(self, pad: str, depth: int, in_loop: bool) -> list[str]:
        lines = [f"{pad}if {self.condition()}:", *self.block(depth + 1, 3, in_loop)]
        if self.draw(st.booleans()):
            lines += [f"{pad}elif {self.condition()}:", *self.block(depth + 1, 2, in_loop)]
        if self.draw(st.booleans()):
            lines += [f"{pad}else:", *self.block(depth + 1, 3, in_loop)]
        return lines

    def leave(self, pad: str, depth: int, in_loop: bool) -> list[str]:
        leaving = self.pick("break", "continue") if in_loop and self.draw(st.booleans()) else None
        leaving = leaving or f"return {self.number(1)}"
        return [f"{pad}if {self.condition()}:", f"{pad}{PAD}{leaving}"]

    def counted(self, pad: str, depth: int, in_loop: bool) -> list[str]:
        index = self.fresh()
        bounds = self.pick("n", "1, 4", "m % 5", "3, -1, -1", "0", "n, -1, -2", "4, 0")
        return [
            f"{pad}for {index} in range({bounds}):",
            *self.block(depth + 1, 3, True),
            f"{pad}{PAD}a = a * 0.9 + {index}",
            *self.orelse(pad, depth, in_loop),
        ]

    def conditional_loop(self, pad: str, depth: int, in_loop: bool) -> list[str]:
        index = self.fresh()
        return [
            f"{pad}{index} = 0",
            f"{pad}while {index} < {self.draw(st.integers(0, 4))} and ({self.condition()}):",
            f"{pad}{PAD}{index} += 1",
            *self.block(depth + 1, 3, True),
            *self.orelse(pad, depth, in_loop),
        ]

    def orelse(self, pad: str, depth: int, in_loop: bool) -> list[str]:
        """A loop's `else`, where `break` and `continue` belong to the loop around it."""
        if self.draw(st.integers(0, 3)):
            return []
        return [f"{pad}else:", *self.block(depth + 1, 2, in_loop)]

    def fresh(self) -> str:
        self.loops += 1
        return f"i{self.loops}"

    def condition(self) -> str:
        return self.fill(self.pick(*CONDITIONS), 0)

    def number(self, depth: int) -> str:
        if depth == 0:
            return str(self.pick(*FLOATS, "1.5", "m", "n", "0.3", "SCALE"))
        return self.fill(self.pick(*NUMBERS), depth)

    def fill(self, template: str, depth: int) -> str:
        """Replace the letters: N by a number, V by a variable, C by a condition, O by a comparison.

        Only what the text uses is drawn, so that two draws are two programs.
        """
        parts: dict[str, Callable[[], str]] = {
            "N": lambda: self.number(depth - 1),
            "V": lambda: str(self.pick(*FLOATS)),
            "C": self.condition,
            "O": lambda: str(self.pick("<", ">", "<=", ">=")),
        }
        return re.sub(r"\b[NVCO]\b", lambda found: parts[found.group()](), template)


@st.composite
def programs(draw: Draw) -> Drawn:
    """Programs of up to some hundred lines, with a point to run them at."""
    writer = _Writer(draw)
    body = [f"{PAD}{line}" for line in START] + writer.block(1, 7, False, least=3)
    result = f"{PAD}return {writer.number(1)} + a * 0.5 + b + c\n"
    numbers = st.integers(-200, 200).map(lambda hundredths: hundredths / 100 + 0.003)  # never 0
    args = (draw(numbers), draw(numbers), draw(st.integers(0, 4)))
    return Drawn(HEAD + "\n".join(body) + "\n" + result, args)


if __name__ == "__main__":
    from test_random_programs import compared  # the command is a long run of that test

    long_run(programs(), compared)
