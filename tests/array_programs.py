"""Hypothesis draws programs with arrays and lists: stores, views, slices, names for one array, loops, branches.

Every array has four elements and every index is taken modulo four, so a drawn program always ends with
finite numbers.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from hypothesis import strategies as st

from drawing import loaded, long_run

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


def relax(v, k):
    for i in range(1, 3):
        v[i] += 0.2 * math.tanh(k) * (v[i - 1] - v[i])


def pushed(l, v):
    l.append(v * 0.5)
    if len(l) > 6:
        l.pop(0)


def flipped(v):
    return v[::-1]


def program(a, b, m, x, n):
    c = np.zeros(4)
    t = np.full(4, 0.5)
    r = m[1]
    s = x
    q = 0.7
    k = 1
    l = [x, 0.5]
"""
NUMBERS = (
    "A[I]", "A[I]", "A[I]", "F", "F", "0.3", "math.tanh(N * N)", "math.sin(N)", "(N + N)", "(N - N)", "N * 0.5",
    "m[I, I]", "(N if N > N else N)", "math.tanh(np.sum(A * A))", "math.tanh(A @ A)", "N / (1.0 + N * N)",
    "np.mean(A)", "l[-1]", "sum(l) * 0.3", "max(l)", "sum(v * w for v, w in zip(A, A))", "np.sum(A[A > N]) * 0.5",
    "sum([v for v in A if v > 0.2])", "len(l) * 0.1",
)  # fmt: skip
WHOLE = (
    "A * 0.5", "A + A * 0.3", "np.tanh(A) * N", "np.sin(A + N)", "A - 0.5 * A[::-1]", "A.copy()", "m[I] * 0.7",
    "m[:, I] - A * 0.2", "np.where(A > A, A, 0.5)", "m @ A * 0.2", "np.array([N, 0.1, A[I], N])",
    "np.maximum(A, 0.1) * 0.9", "np.sort(A)", "np.clip(A, -0.5, 0.7) * N", "A[np.array([2, 0, 2, 1])]", "np.roll(A, 1)",
    "np.concatenate((A[2:], A[:2] * N))", "np.cumsum(A) * 0.3", "np.array([v * 0.5 for v in A])", "flipped(A) * 0.8",
    "np.reshape(m[:2, :2], 4) * 0.6", "np.array(l[:1] * 4) * A", "A[np.argsort(A)]",
)  # fmt: skip


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
        """The function."""
        return loaded(self.text)


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
            self.listed,
            self.picked,
        )
        kinds: list[Callable[[str, int], list[str]]] = list(plain)
        if depth < 3:
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
        text = self.pick(
            "A = A", "A, A = A, A", "r = m[I]", "r = m[:, I]", "A = np.zeros(4)", "r = A[::-1]", "A = flipped(A)",
        )  # fmt: skip
        return [pad + self.fill(text, 1)]

    def call(self, pad: str, depth: int) -> list[str]:
        text = self.pick(
            "s = push(A, A, k)", "q = push(A, A, 2) * 0.5", "A = mixed(A, A)", "relax(A, N)", "relax(m[I], N)",
            "pushed(l, N)",
        )  # fmt: skip
        return [pad + self.fill(text, 1)]

    def listed(self, pad: str, depth: int) -> list[str]:
        """A list never gets empty."""
        text = self.pick(
            "l.append(N)", "l.append(A[I] * 0.5)", "s = l.pop() if len(l) > 1 else N", "l[-1] = N", "l[0] += N * 0.3",
            "l = [v * 0.5 for v in A]", "l = l[1:] + [N]", "l, q = [q] + l[:3], l[0]", "l = list(A)", "l.insert(1, N)",
        )  # fmt: skip
        return [pad + self.fill(text, 1)]

    def picked(self, pad: str, depth: int) -> list[str]:
        text = self.pick(
            "A[A > 0.2] *= 0.5", "A[A < N] = N", "A[np.array([0, 3])] += 0.1 * N", "A[np.array([1, 1])] = A[:2]",
            "A[A > A] = 0.3", "m[np.array([2, 0])] *= 0.6",
        )  # fmt: skip
        return [pad + self.fill(text, 1)]

    def branch(self, pad: str, depth: int) -> list[str]:
        lines = [f"{pad}if {self.fill('N > N', 1)}:", *self.block(depth + 1, 2)]
        if self.draw(st.booleans()):
            lines += [f"{pad}else:", *self.block(depth + 1, 2)]
        return lines

    def loop(self, pad: str, depth: int) -> list[str]:
        index = self.fresh()
        bounds = self.pick("4", "len(a)", "1, 4", "3, -1, -1", "n", "k", "2")
        return [f"{pad}for {index} in range({bounds}):", *self.inside(index, depth)]

    def over(self, pad: str, depth: int) -> list[str]:
        index = self.fresh()
        head = self.pick(
            f"for {index}, s in enumerate(A)", f"for {index}, (s, q) in enumerate(zip(A, A))",
            f"for {index}, s in enumerate(list(l)[:4])", f"for {index}, r in enumerate(m[:2])",
        )  # fmt: skip
        return [pad + self.fill(head, 0) + ":", *self.inside(index, depth)]

    def conditional(self, pad: str, depth: int) -> list[str]:
        index = self.fresh()
        head = [f"{pad}{index} = 0", f"{pad}while {index} < 3 and {self.fill('N < N', 1)}:"]
        return [*head, f"{pad}{PAD}{index} += 1", *self.inside(index, depth)]

    def inside(self, index: str, depth: int) -> list[str]:
        self.loops.append(index)
        lines = self.block(depth + 1, 2)
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
    """Programs of up to some thirty lines, with a point to run them at."""
    writer = _Writer(draw)
    body = "\n".join(writer.block(1, 4, least=2))
    result = (
        f"{PAD}return np.sum(a * b) + s * q + np.sum(c * t) + np.sum(r) + m[1, 2] * m[2, 1] + x + sum(l)\n"
    )
    return Drawn(f"{HEAD}{body}\n{result}", draw(st.integers(0, 999)))


if __name__ == "__main__":
    from test_random_arrays import compared  # the command is a long run of that test

    long_run(programs(), compared)
