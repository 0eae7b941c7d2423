"""Programs made at random: both source transformations against dual numbers, which never read source."""

import linecache
import random

import pytest

import downslope as ds
from downslope.calculus import close
from downslope.modes.dual import dual_derivative

COUNT, PER_TEST, NATIVE = 500, 50, 4


class Writer:
    """Writes a program whose variables are always set and whose loops always end."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.floats = ["x", "y"]
        self.loops = 0

    def text(self):
        body = [*self.block(1, 4, False), f"    return {self.expression(2)}"]
        return (
            "import math\n\n\ndef program(x, y, n):\n    a = x * y\n    b = 1.0\n    m = 2\n"
            + "\n".join(body)
            + "\n"
        )

    def block(self, depth, budget, in_loop):
        self.floats = ["x", "y", "a", "b"]
        lines = []
        for _ in range(self.random.randint(1, budget)):
            lines += self.statement(depth, in_loop)
        return lines

    def statement(self, depth, in_loop):
        pad = "    " * depth
        kinds = ["assign"] * 4 + ["swap", "augment", "integer"]
        if depth < 4:
            kinds += ["if", "if", "for", "while"]
        if depth > 1:
            kinds += ["return"]
        if in_loop:
            kinds += ["break", "continue"]
        kind = self.random.choice(kinds)
        name = self.random.choice(self.floats)
        if kind == "assign":
            return [f"{pad}{name} = {self.expression(2)}"]
        if kind == "swap":
            return [f"{pad}a, b = b, {self.expression(1)}"]
        if kind == "augment":
            return [f"{pad}{name} {self.random.choice(['+=', '-='])} {self.expression(1)}"]
        if kind == "integer":
            return [f"{pad}m = (m * 3 + {self.random.randint(0, 5)}) % 7"]
        if kind == "if":
            lines = [f"{pad}if {self.condition()}:", *self.block(depth + 1, 3, in_loop)]
            return lines + (
                [f"{pad}else:", *self.block(depth + 1, 3, in_loop)] if self.random.random() < 0.5 else []
            )
        if kind in ("break", "continue", "return"):
            leave = kind if kind != "return" else f"return {self.expression(1)}"
            return [f"{pad}if {self.condition()}:", f"{pad}    {leave}"]
        return self.loop(kind, depth, pad)

    def loop(self, kind, depth, pad):
        self.loops += 1
        i = f"i{self.loops}"
        orelse = [f"{pad}else:", *self.block(depth + 1, 2, False)] if self.random.random() < 0.2 else []
        if kind == "for":
            bounds = self.random.choice(["n", "1, 4", "m", "3, -1, -1", "0", "n, 0, -2"])
            return [
                f"{pad}for {i} in range({bounds}):",
                *self.block(depth + 1, 3, True),
                f"{pad}    a = a * 0.9 + {i}",
                *orelse,
            ]
        head = [
            f"{pad}{i} = 0",
            f"{pad}while {i} < {self.random.randint(0, 4)} and ({self.condition()}):",
            f"{pad}    {i} += 1",
        ]
        return [*head, *self.block(depth + 1, 3, True), *orelse]

    def condition(self):
        left, right = self.random.choice(self.floats), self.random.choice([*self.floats, "0.5", "m"])
        simple = f"{left} {self.random.choice(['<', '>', '<=', '>='])} {right}"
        return self.random.choice(
            [simple, f"not {simple}", f"{simple} or m == 3", f"0 < {left} < {right} + 2", "m % 2 == 0"]
        )

    def expression(self, depth):
        if depth == 0:
            return self.random.choice([*self.floats, *self.floats, "1.5", "m", "n", "0.3"])
        left, right = self.expression(depth - 1), self.expression(depth - 1)
        return self.random.choice(
            [
                f"({left} + {right})", f"({left} - {right})", f"math.tanh({left} * {right})", f"math.sin({left})",
                f"{left} / (1 + ({right}) ** 2)", f"math.exp(-abs({left}))", f"math.sqrt(1 + ({left}) ** 2)",
                f"max({left}, {right})", f"min({left}, 2.0)", f"({left} if {self.condition()} else {right})",
                f"math.atan({left}) * 2", f"math.log(2 + ({left}) ** 2)",
            ]
        )  # fmt: skip


def written(seed):
    text = Writer(seed).text()
    file = f"<random {seed}>"
    linecache.cache[file] = (len(text), None, text.splitlines(keepends=True), file)
    scope = {"__name__": "random_program"}
    exec(compile(text, file, "exec"), scope)
    return scope["program"], text


def compared(seed, engine="python"):
    program, text = written(seed)
    chooser = random.Random(seed + 1)
    args = (chooser.uniform(-2, 2), chooser.uniform(-2, 2), chooser.randint(0, 4))
    expected = tuple(dual_derivative(program, args, i)[1] for i in (0, 1))
    for mode in ("forward", "reverse"):
        found = ds.derivative(program, (0, 1), mode, engine=engine)(*args)
        for a, b in zip(found, expected, strict=True):
            assert close(a, b, 1e-9), f"seed {seed}, {mode}: {found} != {expected} at {args}\n{text}"
    return expected


@pytest.mark.parametrize("first", range(0, COUNT, PER_TEST))
def test_random_programs(first):
    slopes = [compared(seed) for seed in range(first, first + PER_TEST)]
    assert sum(any(s) for s in slopes) > PER_TEST / 4  # enough programs depend on their inputs


@pytest.mark.parametrize("seed", range(NATIVE))
def test_random_programs_native(seed):
    compared(seed, "native")


def test_the_comparison_can_fail(monkeypatch):
    from downslope.modes import dual

    monkeypatch.setattr(
        "test_random_programs.dual_derivative", lambda f, a, i: (0, dual.dual_derivative(f, a, i)[1] + 1e-6)
    )
    with pytest.raises(AssertionError):
        compared(1)


if __name__ == "__main__":
    import sys

    for number in range(int(sys.argv[2]), int(sys.argv[2]) + int(sys.argv[1])):
        compared(number)
    print(f"{sys.argv[1]} programs agree")
