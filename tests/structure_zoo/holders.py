"""Tuples, lists, dicts, named tuples and dataclasses as arguments, variables, helper arguments and results."""

# Programs are written as users write them; a type checker objects to some of that.
# mypy: ignore-errors

import math
from collections import namedtuple
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from structure_zoo.registry import matrix, specimen, vector


class Pair(NamedTuple):
    x: float
    y: float = 0.7


Triple = namedtuple("Triple", "a b c", defaults=(0.2,))


@dataclass
class Spring:
    stiffness: float
    length: float = 1.0
    damping: float = field(default=0.1, kw_only=True)


@dataclass(frozen=True)
class Frozen:
    mass: float
    spring: Spring
    name: str = "body"


@dataclass(frozen=True, slots=True)
class Slotted:
    u: float
    v: np.ndarray


@dataclass
class Base:
    a: float
    b: float = 2.0


@dataclass
class Derived(Base):
    c: float = 3.0


@specimen((0.3, 0.4))
def tuple_unpacked(p):
    x, y = p
    return x * x * y + math.sin(x)


@specimen((0.3, (0.4, 0.9)))
def nested_tuple_by_index(p):
    return p[0] * p[1][0] + p[-1][1] ** 2 * p[1][0]


@specimen([0.3, 0.4, 1.2])
def list_of_numbers(values):
    total = 0.0
    for v in values:
        total += v * v * values[0]
    return total * len(values)


@specimen([0.3, 0.4, 1.2])
def list_by_loop_index(values):
    total = 1.0
    for i in range(len(values)):
        for j in range(i + 1, len(values)):
            total += values[i] * values[j] * (i + 1)
    return total


@specimen({"w": 0.3, "b": 0.4})
def dict_of_numbers(p):
    return math.tanh(p["w"] * 2.0 + p["b"])


@specimen({"layer": {"w": matrix(2, 3), "b": vector(2)}, "scale": 1.3}, vector(3))
def nested_dict_of_arrays(p, x):
    layer = p["layer"]
    hidden = np.tanh(layer["w"] @ x + layer["b"])
    return p["scale"] * np.sum(hidden * hidden)


@specimen(Pair(0.3, 0.4))
def named_tuple_by_name(p):
    return p.x * math.exp(p.y) + p[1]


@specimen(Pair(0.3))
def named_tuple_unpacked_and_replaced(p):
    q = p._replace(x=p.x * p.y)
    x, y = q
    return x * x + y * p.x


@specimen(Triple(0.3, 0.4))
def named_tuple_of_collections(t):
    u = Triple(t.b, t.a * t.c)
    return u.a * u.b + u.c + t.c**2


@specimen(Spring(2.0, 0.8, damping=0.3), 1.4)
def dataclass_argument(s, x):
    return 0.5 * s.stiffness * (x - s.length) ** 2 - s.damping * x


@specimen(Frozen(1.5, Spring(2.0)), 1.4)
def nested_dataclass_with_text(f, x):
    force = f.spring.stiffness * (x - f.spring.length)
    scale = 2.0 if f.name == "body" else 3.0
    return scale * force / f.mass


@specimen(Slotted(0.4, vector(3)))
def slots_and_an_array(s):
    return s.u * np.sum(s.v**2) + s.v[0]


@specimen(Derived(0.3, 0.5))
def inherited_dataclass(d):
    return d.a * d.b + d.c**2 * d.a


@specimen(0.4, 0.9)
def made_inside(x, y):
    s = Spring(x, length=y)
    p = Pair(s.stiffness * 2.0)
    f = Frozen(mass=p.x, spring=s)
    return f.mass * f.spring.length + p.y * s.damping


@specimen(0.4, 0.9)
def dict_made_inside(x, y):
    d = {"a": x, "b": {"c": y, "d": x * y}}
    d["e"] = d["a"] + d["b"]["c"]
    d["a"] *= 3.0
    return d["a"] * d["e"] + d["b"]["d"] ** 2


def energy(s, x):
    return 0.5 * s.stiffness * (x - s.length) ** 2


def shifted(p, d):
    return Pair(p.x + d, p.y - d)


@specimen(Spring(2.0, 0.8), Pair(0.2, 0.5))
def helper_with_structures(s, p):
    q = shifted(p, 0.25 * s.length)
    return energy(s, q.x) + energy(s, q.y)


@specimen(Pair(0.2, 0.5), 3)
def state_of_named_tuples_in_a_loop(state, n):
    for _ in range(n):
        state = Pair(state.x + 0.1 * state.y, state.y - 0.1 * math.sin(state.x))
    return state.x * state.y


@specimen(Pair(0.2, 0.5), 2.0)
def named_tuple_of_a_branch(p, c):
    q = Pair(p.y, p.x) if c > 1.0 else p
    if q.x > q.y:
        q = Pair(q.x * c, q.y)
    return q.x * q.x + q.y


@specimen({"a": 0.3, "b": 0.5, "c": 0.7})
def dict_iterated(d):
    total = 0.0
    for key, value in d.items():
        total += value * (2.0 if key == "b" else 1.0)
    for key in d:
        total *= d[key]
    for value in d.values():
        total += value**2
    if "c" in d and "z" not in d:
        total *= 2.0
    return total


@specimen({"w1": 0.3, "w2": 0.5, "w3": -0.4}, 0.8)
def keys_made_of_text(p, x):
    for i in range(1, 4):
        x = math.tanh(p[f"w{i}"] * x)
    return x


@specimen({"a": 0.3})
def dict_methods(d):
    other = d.copy()
    other.update(b=d["a"] * 2.0)
    other["a"] = other.get("a", 0.0) + other.get("z", 1.0)
    merged = {**d, "c": other["b"]}
    return other["a"] * other["b"] + merged["a"] * merged["c"] * len(merged)


@specimen([Pair(0.1, 0.2), Pair(0.4, 0.3), Pair(0.9, 0.6)])
def list_of_named_tuples(points):
    area = 0.0
    for i in range(len(points)):
        p, q = points[i], points[i - 1]
        area += p.x * q.y - q.x * p.y
    for (x, y), weight in zip(points, (1.0, 2.0, 3.0)):
        area += weight * x * y
    return area * area


@specimen(((1, 0.5), (2, 0.7)))
def whole_numbers_inside(terms):
    total = 0.0
    for power, factor in terms:
        total += factor * 1.3**power
    return total


@specimen((0.3, 0.4), {"k": 2.0, "on": True})
def truth_value_inside(p, options):
    return p[0] * options["k"] if options["on"] else p[1]


@specimen({"a": vector(3), "n": np.array([1, 2, 0])})
def whole_number_array_inside(d):
    a = d["a"]
    total = 0.0
    for i in range(3):
        total += a[i] * a[d["n"][i]]
    return total


@specimen((0.3, 0.4, 0.5))
def sliced_joined_and_summed(p):
    q = p[1:] + (p[0] * 2.0,)
    return sum(q) * max(q) + min(p) * sum(p[:2])


@specimen([1.0, 2.5, 0.5])
def list_changed_in_place(values):
    values[0] *= values[1]
    values[2] = values[0] + 1.0
    values.append(values[2] * values[1])
    last = values.pop()
    return last * sum(values)


@specimen({"a": (0.3, [0.4, {"b": vector(2)}])})
def deep_structure(p):
    first, (second, inner) = p["a"]
    return first * second * inner["b"][1] + inner["b"][0] ** 2


@specimen([vector(2), vector(2, 0.9)])
def list_of_arrays(rows):
    a = np.array([rows[0][0] * rows[1][1], rows[1][0]])
    return np.dot(a, rows[0]) + np.sum(np.array(rows[1]))


@specimen((0.3, None, "text"))
def nothing_and_text_inside(p):
    scale = 1.0 if p[1] is None else 2.0
    return p[0] ** 2 * scale if p[2] == "text" else 0.0
