"""Where objects are easily got wrong: several names, rebinding in loops and branches, objects inside objects."""

# Programs are written as users write them; a type checker objects to some of that.
# mypy: ignore-errors

import math
from dataclasses import dataclass

import numpy as np

from structure_zoo.registry import specimen, vector


@dataclass
class Box:
    a: float
    b: float = 0.5

    def swap(self):
        self.a, self.b = self.b, self.a
        return self


@dataclass
class Holder:
    box: Box
    data: np.ndarray
    parts: dict


@specimen(0.3, 0.8, 4)
def object_replaced_inside_an_object(x, y, n):
    h = Holder(Box(x), np.zeros(2), {"k": y})
    for i in range(n):
        h.box = Box(h.box.b * y, h.box.a + 0.1 * i)
    old = h.box
    old.a = 3.0 * y * h.box.b
    return h.box.a * h.box.b + old.a + h.parts["k"]


@specimen(Box(0.3), 0.8)
def name_of_a_part_outlives_a_change(box, y):
    d = {"box": box, "y": y}
    inner = d["box"]
    d["box"] = Box(y, y * inner.a)
    inner.a = 2.0 * inner.b
    return d["box"].b * inner.a + box.a


@specimen(0.3, 0.7, 3)
def objects_of_the_pass_before(x, y, n):
    last = Box(x, y)
    total = 0.0
    for i in range(n):
        new = Box(last.b * 1.1, last.a + i)
        total += last.a * new.b
        last = new
    return total + last.a


@specimen(0.3, 0.7, 1.0)
def changed_on_one_path_only(x, y, c):
    box = Box(x, y)
    same = box
    if c > 0.0:
        same.swap()
        if y > x:
            box.a *= 2.0
    else:
        same.b = 9.0
    return box.a * 2.0 + same.b * box.b


@specimen(0.3, 0.7, 3)
def change_in_no_pass(x, y, n):
    box = Box(x, y)
    for _ in range(n - 3):
        box.a = box.a * y
    while box.b > 5.0:
        box.b = 0.5 * box.b
    return box.a * box.b


@specimen(0.3, 0.7, 5)
def left_early(x, y, n):
    box = Box(x, y)
    for i in range(n):
        if i == 1:
            continue
        box.a = box.a + box.b * i
        if box.a > 1.5:
            break
        box.b *= 0.9
    return box.a * box.b


@specimen([Box(0.3), Box(0.9, 0.1), Box(0.4)], 0.5)
def first_that_fits(boxes, limit):
    chosen = boxes[0]
    for box in boxes:
        if box.a > limit:
            chosen = box
            break
    return chosen.a * chosen.b + boxes[2].b


@specimen(vector(3), 0.4)
def one_array_in_two_objects(a, x):
    one, two = Holder(Box(x), a, {}), Holder(Box(x), a, {})
    one.data[1] = two.data[0] * x
    two.data = two.data * 2.0
    one.data[0] += 1.0
    return np.sum(one.data * two.data) + a[1]


@specimen(vector(3), 3)
def array_of_an_object_swapped(a, n):
    h, g = Holder(Box(1.0), a, {}), Holder(Box(2.0), a * 1.0, {})
    for _ in range(n):
        h.data, g.data = g.data * 0.5, h.data + g.data
    return np.sum(h.data * g.data)


@specimen(0.3, 0.7)
def methods_that_return_self(x, y):
    box = Box(x, y)
    box.swap().swap().swap().a += 1.0
    return box.a * box.a * box.b


def changed(box, k):
    box.a = box.a * k
    box = Box(k, box.a)
    box.b += 1.0
    return box


@specimen(Box(0.3), 0.8)
def argument_rebound_in_a_helper(box, k):
    other = changed(box, k)
    again = changed(other, other.b)
    return box.a * other.a + again.b * again.a


@specimen(Box(0.3), 2)
def closure_over_an_object(box, n):
    def step(k):
        box.a = box.a + k * box.b
        return box.a

    total = 0.0
    for i in range(n):
        total += step(0.1 * (i + 1)) * math.sin(box.a)
    return total


@specimen(0.6, 0.2, 4)
def nested_loops_with_objects(x, y, n):
    outer = Box(x, y)
    for i in range(n):
        inner = Box(outer.a, 1.0)
        for j in range(i):
            inner.b = inner.b * outer.a + j
            outer.b += 0.1 * inner.b
        outer.a = 0.5 * inner.a + 0.1 * outer.b
    return outer.a * outer.b


@specimen(0.3, 0.8, 2.0)
def either_of_two_fresh_objects_changed(x, y, c):
    box = Box(x) if c > 1.0 else Box(y)
    box.a *= c
    box.b = box.a * y
    return box.a + box.b


@specimen(Box(0.3), Box(0.9), 1.0)
def read_through_either_name(p, q, c):
    r = p if c > 0.0 else q
    return r.a * p.a + r.b * q.a


@specimen({"a": 0.3, "b": 0.5})
def dict_rebuilt_in_a_loop(d):
    for k in range(3):
        d = {"a": d["a"] * d["b"], "b": d["b"] + 0.1 * k}
    return d["a"] + d["b"]


@specimen(((0.3, 0.4), [0.5, 0.6]))
def tuple_in_a_loop(p):
    state = p[0]
    for _ in range(4):
        state = (state[1], state[0] * p[1][1])
    return state[0] + 2.0 * state[1]


@specimen(0.7)
def comprehension_over_a_tuple(x):
    a = [v * x for v in (2.0, 5.0)]
    return a[0] * a[1] + x * sum(v * v for v in (1.0, 3.0))


@specimen([Box(0.3), Box(0.9, 0.2), Box(0.1, 0.8)])
def comprehensions_over_objects(boxes):
    new = [Box(b.a * 2.0, b.b) for b in boxes]
    new[0].a *= 3.0
    pairs = sum(boxes[i].a * boxes[i + 1].b for i in range(len(boxes) - 1))
    best = max([i * b.a for i, b in enumerate(boxes)])
    return new[0].a * new[1].b + boxes[0].a + pairs * best + sum(np.array([b.b for b in new]) ** 2)


@specimen({"a": 0.3, "skip": 0.5, "b": 0.7})
def comprehension_with_a_test(d):
    some = 1.0 if any(v > 0.6 for v in d.values()) else 0.0
    return some + sum(v * v for k, v in d.items() if k != "skip")


@specimen(0.3, 0.7, 2)
def one_object_in_two_places_then_two(x, y, n):
    p, q = Box(x, y), Box(y, 0.4)
    pair = [q, q]
    for _ in range(n):
        pair = [p, q]
    return pair[0].a + 2.0 * pair[0].b + 3.0 * pair[1].a * pair[1].b
