"""Objects with methods: read as data and functions; changed in place, under one name or several."""

# Programs are written as users write them; a type checker objects to some of that.
# mypy: ignore-errors

import math
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np

from structure_zoo.registry import specimen, vector

GRAVITY = 9.81


@dataclass
class Particle:
    x: float
    v: float
    m: float = 1.0
    drag = 0.05

    def move(self, dt):
        self.x += self.v * dt

    def kick(self, force, dt=0.1):
        self.v += (force / self.m - self.drag * self.v) * dt

    def energy(self):
        return 0.5 * self.m * self.v**2 + self.potential(1.5)

    def potential(self, k):
        return 0.5 * k * self.x * self.x

    @property
    def momentum(self):
        return self.m * self.v

    @staticmethod
    def weight(m):
        return m * GRAVITY

    @classmethod
    def at_rest(cls, x):
        return cls(x, 0.0)


class Counter:
    """A plain class."""

    def __init__(self, start, rate=0.5):
        self.value = start
        self.rate: float = rate
        self.steps = 0

    def step(self):
        self.value = self.value * (1.0 + self.rate)
        self.steps += 1
        if self.value > 4.0:
            return
        self.rate *= 0.9


class Scaled(Counter):
    def __init__(self, start, scale):
        super().__init__(start, rate=0.3)
        self.scale = scale

    def step(self):
        super().step()
        self.value *= self.scale

    def __call__(self, x):
        return self.value * x + self.rate


@dataclass
class System:
    left: Particle
    right: Particle
    k: float = 2.0
    history: list = field(default_factory=list)

    def step(self, dt):
        force = self.k * (self.right.x - self.left.x - 1.0)
        self.left.kick(force, dt)
        self.right.kick(-force, dt)
        for p in (self.left, self.right):
            p.move(dt)

    def energy(self):
        return self.left.energy() + self.right.energy()


@dataclass
class Checked:
    a: float
    b: float = 0.0
    c: float = field(init=False)

    def __post_init__(self):
        if self.b < 0.0:
            raise ValueError("negative")
        self.c = self.a * self.b


@dataclass(frozen=True)
class Normal:
    x: float
    y: float

    def __post_init__(self):
        size = math.hypot(self.x, self.y)
        object.__setattr__(self, "x", self.x / size)
        object.__setattr__(self, "y", self.y / size)

    @cached_property
    def angle(self):
        return math.atan2(self.y, self.x)


class Tank:
    __slots__ = ("_level", "area")

    def __init__(self, level, area):
        self._level, self.area = level, area

    @property
    def level(self):
        return self._level

    @level.setter
    def level(self, value):
        self._level = max(value, 0.0)

    def drain(self, dt):
        self.level = self.level - 0.4 * math.sqrt(self._level) / self.area * dt


class Field:
    def __init__(self, values):
        self.values = values

    def smooth(self):
        v = self.values
        for i in range(1, len(v) - 1):
            v[i] = 0.5 * v[i] + 0.25 * (v[i - 1] + v[i + 1])

    def __len__(self):
        return len(self.values)

    def __getitem__(self, i):
        return self.values[i]


@specimen(Particle(0.3, 0.4, 1.2))
def methods_and_properties(p):
    p.move(0.2)
    p.kick(1.0)
    return p.energy() + p.momentum * Particle.weight(p.m) + p.drag * p.v


@specimen(0.3, 0.4)
def objects_made_and_changed(x, v):
    p = Particle(x, v)
    q = Particle.at_rest(v)
    q.x = q.x * p.x
    q.v -= p.v * q.x
    return p.energy() * q.energy()


@specimen(Particle(0.3, 0.4))
def two_names_for_one_object(p):
    q = p
    q.x = 2.0 * p.v
    p.v = q.x * q.v
    return p.x * q.v + q.momentum


def push(p, force):
    p.kick(force)
    p.m = p.m * 1.1


@specimen(Particle(0.3, 0.4), 0.7)
def helper_that_changes_its_argument(p, f):
    push(p, f)
    push(p, f * p.x)
    return p.energy() * p.m


@specimen(Particle(0.3, 0.4), 5)
def object_changed_in_a_loop(p, n):
    for i in range(n):
        p.kick(-math.sin(p.x), dt=0.1 * (i + 1))
        p.move(0.1)
    return p.energy()


@specimen(System(Particle(0.0, 0.1), Particle(1.3, -0.2, 0.8)), 4)
def objects_inside_an_object(s, n):
    for _ in range(n):
        s.step(0.1)
    return s.energy() * s.k


@specimen(0.7)
def plain_class(x):
    c = Counter(x)
    for _ in range(4):
        c.step()
    return c.value * c.rate + c.steps


@specimen(0.7, 1.1)
def super_and_call(x, scale):
    s = Scaled(x, scale)
    s.step()
    s.step()
    return s(x) + s.scale


@specimen(Scaled(0.7, 1.1), 0.4)
def plain_object_as_argument(s, x):
    while s.value < 3.0 and s.steps < 9:
        s.step()
    return s(x) * s.steps


@specimen(0.3, 0.4)
def after_init(a, b):
    one = Checked(a, b)
    two = Checked(one.c, b=a)
    return one.c * two.c + two.b


@specimen(Normal(0.3, 0.4), 0.5)
def frozen_and_normalised(n, s):
    m = Normal(n.x + s, n.y)
    return m.angle * m.x + n.angle * m.y


@specimen(0.9, 1.4)
def slots_and_setter(level, area):
    tank = Tank(level, area)
    for _ in range(3):
        tank.drain(0.3)
    return tank.level * tank.area


@specimen(Field(vector(5)))
def object_with_an_array(f):
    f.smooth()
    f.smooth()
    return f[1] * f[2] + f[-1] * len(f)


@specimen(Particle(0.3, 0.4), 2.0)
def object_changed_in_a_branch(p, c):
    if c > p.x:
        p.x = p.x * c
        p.m = 2.0
    else:
        p.v = c
    return p.energy()


@specimen(0.3, 2.0)
def object_of_either_branch(x, c):
    if c > 1.0:
        p = Particle(x, c)
    else:
        p = Particle(c, x, 3.0)
    p.kick(1.0)
    return p.energy()


@specimen(0.3, 0.4, 6)
def new_object_in_each_pass(x, v, n):
    p = Particle(x, v)
    for _ in range(n):
        p = Particle(p.x + 0.1 * p.v, p.v - 0.1 * p.x)
        p.m = 1.0 + p.x * p.x
    return p.energy()


@specimen(0.3, 0.4, 3)
def objects_swapped_in_a_loop(x, y, n):
    p, q = Particle(x, 1.0), Particle(y, -1.0)
    for _ in range(n):
        p.x = p.x * q.x + 0.5
        p, q = q, p
    return p.x - 2.0 * q.x


@specimen(0.3, 5)
def object_of_an_early_return(x, n):
    p = first_above(x, n)
    return p.x * p.v


def first_above(x, n):
    p = Particle(x, 1.0)
    for i in range(n):
        p.x = p.x * 1.7
        if p.x > 1.0:
            return Particle(p.x, x * i)
    return p


@specimen(0.3, 0.4)
def objects_in_lists_and_dicts(x, y):
    bodies = {"a": Particle(x, 1.0), "b": Particle(y, 0.5)}
    order = [bodies["b"], bodies["a"]]
    order[0].x *= 3.0
    for p in order:
        p.move(0.2)
    bodies["a"] = order[0]
    bodies["a"].v = bodies["b"].v * order[1].x
    return bodies["b"].v * order[1].x + bodies["a"].x


@specimen(Particle(0.3, 0.4))
def copies_are_other_objects(p):
    from_here = replace(p, v=p.v * 2.0)
    from_here.x = p.v
    p.x = 5.0 * p.x
    return from_here.x * from_here.v + p.x


@specimen([Particle(0.1, 0.2), Particle(0.5, 0.1, 2.0), Particle(0.9, -0.3)], 3)
def three_bodies(bodies, n):
    for _ in range(n):
        for i in range(len(bodies)):
            for j in range(len(bodies)):
                if i != j:
                    d = bodies[j].x - bodies[i].x
                    bodies[i].kick(bodies[j].m * d / (0.1 + d * d) ** 1.5, 0.01)
        for b in bodies:
            b.move(0.01)
    return bodies[0].energy() + bodies[1].energy() * bodies[2].x


@specimen(Particle(0.3, 0.4), vector(3))
def forces_from_an_array(p, forces):
    for f in forces:
        p.kick(f)
        p.move(0.1)
    return p.x * np.sum(forces) + p.momentum
