"""Derivatives in the structure of inputs and results; what is refused, and where; when a program is read again."""

import linecache
import math
import os
import re
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest

import downslope as ds
from downslope.errors import DownslopeError, UnsupportedError, UsageError
from downslope.ir.structure import shape_of
from structure_zoo.objects import Particle
from structure_zoo.traps import Box

ENGINE: Any = "python"


class Pair(NamedTuple):
    x: float
    y: float


@dataclass(frozen=True)
class Model:
    weights: np.ndarray
    scale: float
    steps: int = 2
    name: str = "model"
    on: bool = True
    counts: np.ndarray = field(default_factory=lambda: np.array([1, 2]))
    parent: "Model | None" = None


def value(m: Model, x: float) -> float:
    total = 0.0
    for _ in range(m.steps):
        total += m.scale * np.sum(m.weights**2) * x
    return total if m.on and m.name == "model" else 0.0


MODEL = Model(np.array([1.0, 2.0]), 3.0)


def parts(p: Pair, k: float) -> Any:
    return {"sum": p.x + p.y, "both": Pair(p.x * k, p.y * p.y)}


def test_the_gradient_has_the_structure_of_its_input() -> None:
    found = ds.grad(value, engine=ENGINE)(MODEL, 0.5)
    assert type(found) is Model
    assert found.weights.tolist() == [6.0, 12.0]
    assert found.scale == 5.0
    assert (found.steps, found.on, found.counts.tolist()) == (0.0, 0.0, [0.0, 0.0])
    assert (found.name, found.parent) == ("model", None)


def test_several_inputs_give_a_tuple() -> None:
    model, slope = ds.grad(value, ("m", "x"), engine=ENGINE)(MODEL, 0.5)
    assert (model.scale, slope) == (5.0, 30.0)
    result, found = ds.value_and_grad(value, engine=ENGINE)(MODEL, x=0.5)
    assert (result, found.scale) == (15.0, 5.0)


def test_the_type_of_floats_is_kept() -> None:
    found = ds.grad(value, engine=ENGINE)(Model(np.ones(2, np.float32), 3.0), 0.5)
    assert found.weights.dtype == np.float32


def test_a_jacobian_has_the_structure_of_the_result_then_that_of_the_input() -> None:
    found = ds.jacobian(parts, engine=ENGINE)(Pair(2.0, 3.0), 0.5)
    assert found == {"sum": Pair(1.0, 1.0), "both": Pair(Pair(0.5, 0.0), Pair(0.0, 6.0))}
    assert ds.jacobian(parts, ("p", "k"), engine=ENGINE)(Pair(2.0, 3.0), 0.5)["both"].x == (
        Pair(0.5, 0.0),
        2.0,
    )


def test_a_jacobian_of_arrays_in_structures() -> None:
    def program(p: Any) -> Any:
        return {"y": p["a"] * p["k"], "s": p["k"]}

    found = ds.jacobian(program, engine=ENGINE)({"a": np.array([1.0, 2.0]), "k": 3.0})
    assert found["y"]["a"].tolist() == [[3.0, 0.0], [0.0, 3.0]]
    assert found["y"]["k"].tolist() == [1.0, 2.0]
    assert found["s"]["a"].tolist() == [0.0, 0.0]
    assert found["s"]["k"] == 1.0


def test_a_hessian_has_the_structure_twice() -> None:
    def program(p: Any) -> Any:
        return p["a"] * p["a"] * p["b"].x

    found = ds.hessian(program, engine=ENGINE)({"a": 2.0, "b": Pair(3.0, 1.0)})
    assert found == {
        "a": {"a": 6.0, "b": Pair(4.0, 0.0)},
        "b": Pair({"a": 4.0, "b": Pair(0.0, 0.0)}, {"a": 0.0, "b": Pair(0.0, 0.0)}),
    }
    nested = ds.jacobian(ds.grad(program, engine=ENGINE), engine=ENGINE)({"a": 2.0, "b": Pair(3.0, 1.0)})
    assert nested == found


def test_products_take_and_give_structures() -> None:
    y, y_dot = ds.jvp(parts, (Pair(2.0, 3.0), 0.5), (Pair(1.0, 0.0), 2.0), engine=ENGINE)
    assert y == {"sum": 5.0, "both": Pair(1.0, 9.0)}
    assert y_dot == {"sum": 1.0, "both": Pair(4.5, 0.0)}
    again, pull = ds.vjp(parts, Pair(2.0, 3.0), 0.5, engine=ENGINE)
    assert again == y
    assert pull({"sum": 1.0, "both": Pair(1.0, 0.0)}) == (Pair(1.5, 1.0), 2.0)
    assert ds.hvp(lambda p: p.x * p.x * p.y, (Pair(2.0, 3.0),), (Pair(1.0, 0.0),), engine=ENGINE) == (
        Pair(6.0, 4.0),
    )


def test_a_result_that_is_a_tuple_has_a_cotangent_for_each_part() -> None:
    def program(p: Pair) -> Any:
        return p, p.x * p.y

    _, pull = ds.vjp(program, Pair(2.0, 3.0), engine=ENGINE)
    assert pull(Pair(1.0, 0.0), 1.0) == (Pair(4.0, 2.0),)


def test_a_derivative_in_a_number_is_differentiated_again() -> None:
    def program(p: Pair, t: float) -> float:
        return p.x * math.sin(t) * p.y

    once = ds.grad(program, "t", engine=ENGINE)
    assert ds.grad(once, "t", engine=ENGINE)(Pair(2.0, 3.0), 0.5) == pytest.approx(-6.0 * math.sin(0.5))
    assert ds.grad(once, "p", engine=ENGINE)(Pair(2.0, 3.0), 0.5) == pytest.approx(
        (3.0 * math.cos(0.5), 2.0 * math.cos(0.5))
    )


def test_every_mode_is_compared() -> None:
    found = ds.check(value, MODEL, 0.5, engine=ENGINE)
    assert found.agree
    assert "m.weights[1]" in found.elements
    assert "m.scale" in str(found)


def test_trace_and_explain_name_the_leaves() -> None:
    assert ds.trace(lambda p: math.sqrt(p.x), Pair(0.0, 1.0)).adjoint.event.op == "divide"  # type: ignore[union-attr]  # it has one
    assert ds.explain(value, "m", at=(MODEL, 0.5)).mode == "reverse"


def test_objects_of_the_caller_are_not_changed() -> None:
    def program(p: Particle) -> float:
        p.move(0.5)
        p.m = 2.0 * p.x
        return p.x * p.m

    p = Particle(1.0, 2.0)
    ds.grad(program, engine=ENGINE)(p)
    assert p == Particle(1.0, 2.0)


def test_one_object_twice_is_refused_where_it_is_changed() -> None:
    def changing(p: Box, q: Box) -> float:
        p.a = 2.0 * q.a
        return p.a * q.a

    def reading(p: Box, q: Box) -> float:
        return p.a * q.a

    box = Box(1.0)
    with pytest.raises(UsageError, match="p and q are one object"):
        ds.grad(changing, engine=ENGINE)(box, box)
    assert ds.grad(changing, engine=ENGINE)(box, Box(3.0)).a == 0.0
    assert ds.grad(reading, ("p", "q"), engine=ENGINE)(box, box) == (Box(1.0, 0.0), Box(1.0, 0.0))


def test_another_structure_is_read_anew() -> None:
    slope = ds.grad(lambda p: sum(p.values()) * p["a"], engine=ENGINE)
    assert slope({"a": 2.0}) == {"a": 4.0}
    assert slope({"a": 2.0, "b": 3.0}) == {"a": 7.0, "b": 2.0}
    assert slope({"b": 3.0, "a": 2.0}) == {"b": 2.0, "a": 7.0}
    assert shape_of((1.0, "a")) != shape_of((1.0, "b"))


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"a": 1.0, "b": 1.0}, "the tangent of p has another structure"),
        ([1.0], "the tangent of p has another structure"),
        ({"a": (1.0,)}, r"the tangent of p\['a'\] has another structure"),
    ],
)
def test_a_tangent_of_another_structure_is_refused(given: Any, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        ds.jvp(lambda p: p["a"] * 2.0, ({"a": 1.0},), (given,), engine=ENGINE)


def looped() -> Any:
    found: list[Any] = [1.0]
    found.append(found)
    return found


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"a": np.array([1.0, None])}, "an array of object"),
        ({"a": 1j}, "is a complex, not a number"),
        ({"a": {1.0}}, "is a set, not a number"),
        ({(1, 2): 1.0}, r"has the key \(1, 2\)"),
        (looped(), "holds itself"),
        ({"a": Pair(1.0, 2.0)}, "multiply of a Pair"),
        ({"a": "text"}, "multiply of 'text'"),
    ],
)
def test_what_is_in_a_structure_must_be_numbers(given: Any, said: str) -> None:
    with pytest.raises(DownslopeError, match=said):
        ds.grad(lambda p: p["a"] * 2.0, engine=ENGINE)(given)


def test_a_gradient_of_a_structure_is_refused() -> None:
    with pytest.raises(UsageError, match="returns 3 numbers"):
        ds.grad(lambda p: p, engine=ENGINE)(Particle(1.0, 2.0))
    with pytest.raises(UsageError, match="sparse matrices of a structure"):
        ds.jacobian(lambda p: p["a"], sparse=True)({"a": np.ones(2)})


HEAD = """import math
from dataclasses import dataclass

@dataclass
class Body:
    x: float
    v: float = 0.5

    def again(self):
        return self.again()

    def printed(self):
        print(self.x)
        return self.x

@dataclass(frozen=True)
class Still:
    x: float

class Guess:
    def __getattr__(self, name):
        return 1.0

class Kind(type):
    def __call__(cls, x):
        return super().__call__()

class Made(metaclass=Kind):
    pass

"""
REFUSED = {
    "attribute that is not there": ("return b.vv", "b.vv", "did you mean v"),
    "method that is not there": ("return b.mvoe()", "b.mvoe()", "has no method 'mvoe'"),
    "new attribute": ("b.y = 1.0\nreturn b.x", "b.y", "has no attribute 'y'"),
    "attribute of a number": ("return c.x", "c.x", "a number has no such attribute"),
    "method of a number": ("return c.conjugate()", "c.conjugate()", "a number has no such method"),
    "frozen": ("s = Still(c)\ns.x = 2.0\nreturn s.x", "s.x", "does not change"),
    "setattr": ("setattr(b, 'x', c)\nreturn b.x", "setattr(b, 'x', c)", ""),
    "getattr": ("return getattr(b, 'x')", "getattr(b, 'x')", ""),
    "dict of an object": ("return b.__dict__['x']", "b.__dict__", ""),
    "key that is not there": ("return d['ab']", "d['ab']", "did you mean abc"),
    "key that varies": ("return d[c]", "d[c]", "keys are constants"),
    "text that varies": ("return d[f'{c}']", "f'{c}'", "is not known"),
    "attribute for a key": ("return d.abc", "d.abc", "write ['abc']"),
    "key on one path": ("if c > 0:\n    d['z'] = c\nreturn d['abc']", "if c > 0:", "'d' holds one thing"),
    "key in a loop": ("for i in range(int(c)):\n    d['z'] = c\nreturn d['abc']", "for i in range(int(c)):", "changes its shape"),
    "class on one path": ("if c > 0:\n    s = Still(c)\nelse:\n    s = b\nreturn s.x", "return s.x", "another class or structure"),
    "number or object": ("s = b\nif c > 0:\n    s = c\nreturn s * 2.0", "return s * 2.0", "another class or structure"),
    "one object or another": ("s = Body(c)\nif c > 0:\n    s = b\ns.x = 2.0\nreturn b.x", "s.x", "may be the same"),
    "list that grows in a loop": ("e = [b]\nfor i in range(int(c)):\n    e.append(Body(c))\nreturn e[0].x", "for i in range(int(c)):", "changes its shape"),
    "list with an index that varies": ("e = [b, Body(c)]\nreturn e[int(c)].x", "e[int(c)]", "known when the program is read"),
    "old name after a loop": ("s = b\nfor i in range(int(c)):\n    s = Body(s.v, s.x)\ns.x = 2.0\nreturn b.x", "s.x", "may be the same"),
    "change in a loop": ("s = b\nfor i in range(int(c)):\n    s.x = s.x + 1.0\n    s = Body(s.v, s.x)\nreturn b.x", "for i in range(int(c)):", "may be the same object"),
    "change in a part of and": ("return 1.0 if c > 0 and d.pop('abc') > 0 else b.x", "return 1.0 if c > 0 and d.pop('abc') > 0 else b.x", "of its own"),
    "recursion": ("return b.again()", "self.again()", "calls itself"),
    "what a method may not do": ("return b.printed()", "print(self.x)", "an expression whose value is not used"),
    "getattr in a class": ("return Guess().x * c", "Guess()", "it has __getattr__"),
    "metaclass": ("return Made(c).x", "Made(c)", "its metaclass Kind"),
    "missing argument": ("return Body().x * c", "Body()", "it takes (x, v)"),
    "unknown argument": ("return Body(c, w=1.0).x", "Body(c, w=1.0)", "it takes (x, v)"),
    "operator": ("return (b + b).x", "return (b + b).x", "defines no such operator"),
    "text as a number": ("return c * 'a'", "return c * 'a'", "a program computes with numbers"),
    "function of an object": ("return c * math.sin(b)", "math.sin(b)", ""),
    "loop over an object": ("for k in b:\n    c = c + k\nreturn c", "for k in b:", "a loop over a Body"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_refused_at_its_place(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    body, place, said = REFUSED[name]
    text = HEAD + "def program(b, c, d):\n" + "".join(f"    {line}\n" for line in body.split("\n"))
    file = f"<refused {name}>"
    linecache.cache[file] = (len(text), None, text.splitlines(keepends=True), file)
    scope: dict[str, Any] = {"__name__": "refused"}
    monkeypatch.setitem(sys.modules, "refused", sys.modules[__name__])
    exec(compile(text, file, "exec"), scope)  # a program of the test
    with pytest.raises(UnsupportedError) as caught:
        ds.grad(scope["program"], "c", engine=ENGINE)(scope["Body"](1.0), 2.0, {"abc": 1.0})
    message = str(caught.value)
    lines = message.splitlines()
    spans = [(i, found) for i, line in enumerate(lines) if (found := re.fullmatch(r" *\| +(\^+)", line))]
    assert place in [lines[i - 1][found.start(1) : found.end(1)] for i, found in spans], message
    assert said in message
    assert message.count("why: ") == message.count("fix: ") == 1


PROGRAM = """import downslope as ds
from dataclasses import dataclass

@dataclass
class Wheel:
    r: float

    def area(self):
        return FACTOR * self.r * self.r

def cost(wheel):
    return wheel.area()

print(ds.grad(cost)(Wheel(2.0)).r)
"""


def test_a_changed_method_is_compiled_anew(tmp_path: Path) -> None:
    file, cache = tmp_path / "wheel.py", tmp_path / "cache"
    found = []
    for factor in ("3.0", "5.0", "3.0"):
        file.write_text(PROGRAM.replace("FACTOR", factor))
        run = subprocess.run(
            [sys.executable, str(file)], capture_output=True, text=True, timeout=300, check=True,
            env={**os.environ, "DOWNSLOPE_CACHE_DIR": str(cache)},
        )  # fmt: skip
        found.append((float(run.stdout), len(list(cache.glob("*")))))
    assert [slope for slope, _ in found] == [12.0, 20.0, 12.0]
    assert found[0][1] < found[1][1] == found[2][1]
