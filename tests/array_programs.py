"""Hypothesis draws programs with arrays: stores, views, slices, names for one array, loops, branches.

Every array has four elements and every index is taken modulo four, so a drawn program always ends with
finite numbers.
"""

import linecache
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import numpy as np
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

Draw = Callable[[st.SearchStrategy[Any]], Any]
PAD = "    "
ARRAYS = ("a", "b", "c", "r", "t")
FLOATS = ("x", "s", "q")
HEAD = """import math

import numpy as np


def push(v, w, k):
    for i in range(1, len(v)):
        v[i] = 0.5 * v[i] + math.tanh(w[i - 1] * k)
    return v[k % 4]


def mixed(v, w):
    if v[0] > w[1]:
        v[2] = w[3] * 0.5
        return v
    return w * 0.5


def program(a, b, m, x, n):
    c = np.zeros(4)
    t = np.full(4, 0.5)
    r = m[1]
    s = x
    q = 0.7
    k = 1
"""
NUMBERS = (
    "A[I]", "A[I]", "A[I]", "F", "F", "0.3", "math.tanh(N * N)", "math.sin(N)", "(N + N)", "(N - N)", "N * 0.5",
    "m[I, I]", "(N if N > N else N)", "math.tanh(np.sum(A * A))", "math.tanh(A @ A)", "N / (1.0 + N * N)",
    "np.mean(A)",
)  # fmt: skip
WHOLE = (
    "A * 0.5", "A + A * 0.3", "np.tanh(A) * N", "np.sin(A + N)", "A - 0.5 * A[::-1]", "A.copy()", "m[I] * 0.7",
    "m[:, I] - A * 0.2", "np.where(A > A, A, 0.5)", "m @ A * 0.2", "np.array([N, 0.1, A[I], N])",
    "np.maximum(A, 0.1) * 0.9",
)  # fmt: skip
_LOADED = count()


@dataclass(frozen=True)
class Drawn:
    """A program and the arguments to run it at."""

    text: str
    start: int

    def __repr__(self) -> str:
        return f"at {self.start}\n{self.text}"

    def args(self) -> tuple[Any, ...]:
        """Fresh arguments."""
        rng = np.random.default_rng(self.start)
        return rng.uniform(-1, 1, 4), rng.uniform(-1, 1, 4), rng.uniform(-1, 1, (4, 4)), 0.43, self.start % 4

    def load(self) -> Callable[..., Any]:
        """The function; its text can be read through `linecache`."""
        file = f"<drawn arrays {next(_LOADED)}>"
        linecache.cache[file] = (len(self.text), None, self.text.splitlines(keepends=True), file)
        scope: dict[str, Any] = {"__name__": "drawn"}
        exec(compile(self.text, file, "exec"), scope)
        loaded: Callable[..., Any] = scope["program"]
        return loaded


@dataclass
class _Writer:
    draw: Draw
    loops: list[str] = field(default_factory=list)
    made: int = 0

    def pick(self, *options: Any) -> Any:
        return self.draw(st.sampled_from(options))

    def block(self, depth: int, most: int, least: int = 1) -> list[str]:
        return [line for _ in range(self.draw(st.integers(least, most))) for line in self.statement(depth)]

    def statement(self, depth: int) -> list[str]:
        pad = PAD * depth
        plain = (
            self.store,
            self.store,
            self.store,
            self.number_set,
            self.whole,
            self.slices,
            self.names,
            self.call,
        )
        kinds: list[Callable[[str, int], list[str]]] = list(plain)
        if depth < 4:
            kinds += [self.loop, self.loop, self.over, self.branch, self.conditional]
        if self.loops:
            kinds.append(self.leave)
        return list(self.pick(*kinds)(pad, depth))

    def store(self, pad: str, depth: int) -> list[str]:
        text = self.pick(
            "A[I] = N", "A[I] = N", "A[I] += N", "A[I] *= 0.5", "A[I] -= A[I] * 0.3", "A[I], A[I] = A[I], A[I]",
            "m[I, I] = N", "m[I][I] += N * 0.5", "A[I], s = N, A[I]",
        )  # fmt: skip
        return [pad + self.fill(text, 2)]

    def number_set(self, pad: str, depth: int) -> list[str]:
        return [pad + self.fill(self.pick("s = N", "q = N", "s += N * 0.5", "x = N", "k = (k + 1) % 5"), 2)]

    def whole(self, pad: str, depth: int) -> list[str]:
        return [pad + self.fill(self.pick("A = W", "A[:] = W", "A += W", "A *= 0.7", "m[I] = W"), 1)]

    def slices(self, pad: str, depth: int) -> list[str]:
        text = self.pick(
            "A[1:] = A[:-1] * 0.5", "A[::2] += A[1::2]", "A[::-1] = A", "A[:2] = N", "m[1:, 0] = A[:3]",
            "A[k:] *= 0.5", "A[-2:] = A[:2]", "m[:, I] *= 0.5",
        )  # fmt: skip
        return [pad + self.fill(text, 1)]

    def names(self, pad: str, depth: int) -> list[str]:
        text = self.pick("A = A", "A, A = A, A", "r = m[I]", "r = m[:, I]", "A = np.zeros(4)", "r = A[::-1]")
        return [pad + self.fill(text, 1)]

    def call(self, pad: str, depth: int) -> list[str]:
        return [
            pad + self.fill(self.pick("s = push(A, A, k)", "q = push(A, A, 2) * 0.5", "A = mixed(A, A)"), 1)
        ]

    def branch(self, pad: str, depth: int) -> list[str]:
        lines = [f"{pad}if {self.fill('N > N', 1)}:", *self.block(depth + 1, 3)]
        if self.draw(st.booleans()):
            lines += [f"{pad}else:", *self.block(depth + 1, 3)]
        return lines

    def loop(self, pad: str, depth: int) -> list[str]:
        index = self.fresh()
        bounds = self.pick("4", "len(a)", "1, 4", "3, -1, -1", "n", "k", "2")
        return [f"{pad}for {index} in range({bounds}):", *self.inside(index, depth)]

    def over(self, pad: str, depth: int) -> list[str]:
        index = self.fresh()
        head = self.pick(f"for {index}, s in enumerate(A)", f"for {index}, (s, q) in enumerate(zip(A, A))")
        return [pad + self.fill(head, 0) + ":", *self.inside(index, depth)]

    def conditional(self, pad: str, depth: int) -> list[str]:
        index = self.fresh()
        head = [f"{pad}{index} = 0", f"{pad}while {index} < 3 and {self.fill('N < N', 1)}:"]
        return [*head, f"{pad}{PAD}{index} += 1", *self.inside(index, depth)]

    def inside(self, index: str, depth: int) -> list[str]:
        self.loops.append(index)
        lines = self.block(depth + 1, 3)
        self.loops.pop()
        return lines

    def leave(self, pad: str, depth: int) -> list[str]:
        leaving = self.pick("break", "continue")
        return [f"{pad}if {self.fill('N > N', 1)}:", f"{pad}{PAD}{leaving}"]

    def fresh(self) -> str:
        self.made += 1
        return f"i{self.made}"

    def index(self) -> str:
        options = ["0", "1", "-1", "3", "k % 4", "n", "-k % 4"]
        for name in self.loops:
            options += [f"{name} % 4", f"({name} + 1) % 4", f"3 - {name} % 4"]
        return str(self.pick(*options))

    def fill(self, template: str, depth: int) -> str:
        """Replace A by an array, F by a number's name, I by an index, N by a number, W by a whole array."""
        out, i = "", 0
        while i < len(template):
            here = template[i]
            alone = not template[i - 1 : i].isalnum() and not template[i + 1 : i + 2].isalnum()
            out += self.letter(here, depth) if alone and here in "AFINW" else here
            i += 1
        return out

    def letter(self, letter: str, depth: int) -> str:
        match letter:
            case "A":
                return str(self.pick(*ARRAYS))
            case "F":
                return str(self.pick(*FLOATS))
            case "I":
                return self.index()
            case "N":
                return self.fill(self.pick(*(NUMBERS if depth > 0 else NUMBERS[:6])), depth - 1)
        return self.fill(self.pick(*WHOLE), depth)


@st.composite
def programs(draw: Draw) -> Drawn:
    """Programs of up to some fifty lines, with a point to run them at."""
    writer = _Writer(draw)
    body = "\n".join(writer.block(1, 7, least=3))
    result = f"{PAD}return np.sum(a * b) + s * q + np.sum(c * t) + np.sum(r) + m[1, 2] * m[2, 1] + x\n"
    return Drawn(f"{HEAD}{body}\n{result}", draw(st.integers(0, 999)))


def run(check: Callable[[Drawn], object], examples: int, start: int | None = None) -> None:
    """Draw programs and check each: always the same ones, or those of the seed `start`."""

    def one(drawn: Drawn) -> None:
        check(drawn)

    chosen = settings(
        max_examples=examples,
        derandomize=start is None,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    test = chosen(given(programs())(one))
    (test if start is None else seed(start)(test))()


if __name__ == "__main__":
    from test_random_arrays import compared  # the command is a long run of that test

    run(compared, int(sys.argv[1]), int(sys.argv[2]))
    print(f"{sys.argv[1]} programs agree or are refused (seed {sys.argv[2]})")
