"""Small vector classes with operators, as particle codes and geometry have them."""

# Programs are written as users write them; a type checker objects to some of that.
# mypy: ignore-errors

import math
from dataclasses import dataclass
from typing import NamedTuple

from structure_zoo.registry import specimen


@dataclass(frozen=True)
class Vec:
    x: float
    y: float
    z: float = 0.0

    def __add__(self, other):
        return Vec(self.x + other.x, self.y + other.y, self.z + other.z)

    def __sub__(self, other):
        return Vec(self.x - other.x, self.y - other.y, self.z - other.z)

    def __mul__(self, k):
        if isinstance(k, Vec):
            return self.dot(k)
        return Vec(self.x * k, self.y * k, self.z * k)

    __rmul__ = __mul__

    def __truediv__(self, k):
        return self * (1.0 / k)

    def __neg__(self):
        return -1.0 * self

    def __abs__(self):
        return math.sqrt(self.dot(self))

    def __matmul__(self, other):
        return self.dot(other)

    def dot(self, other):
        return self.x * other.x + self.y * other.y + self.z * other.z

    def cross(self, o):
        return Vec(self.y * o.z - self.z * o.y, self.z * o.x - self.x * o.z, self.x * o.y - self.y * o.x)

    def unit(self):
        return self / abs(self)


ORIGIN = Vec(0.0, 0.0)
UP = Vec(0.0, 0.0, 1.0)


class Complex2(NamedTuple):
    re: float
    im: float

    def __mul__(self, other):
        return Complex2(self.re * other.re - self.im * other.im, self.re * other.im + self.im * other.re)

    def __add__(self, other):
        return Complex2(self.re + other.re, self.im + other.im)

    @property
    def norm2(self):
        return self.re**2 + self.im**2


class Point:
    def __init__(self, x, y):
        self.x = x
        self.y = y

    def __iadd__(self, other):
        self.x += other.x
        self.y += other.y
        return self

    def __add__(self, other):
        if not isinstance(other, Point):
            return NotImplemented
        return type(self)(self.x + other.x, self.y + other.y)

    def __radd__(self, other):
        return self.__class__(self.x + other, self.y + other)

    def __lt__(self, other):
        return self.x < other.x

    def __getitem__(self, i):
        return self.x if i == 0 else self.y

    def __setitem__(self, i, value):
        if i == 0:
            self.x = value
        else:
            self.y = value


@dataclass
class Quaternion:
    w: float
    v: Vec

    def __mul__(self, q):
        return Quaternion(self.w * q.w - self.v.dot(q.v), q.v * self.w + self.v * q.w + self.v.cross(q.v))

    def conjugate(self):
        return Quaternion(self.w, -self.v)

    def rotate(self, p):
        return (self * Quaternion(0.0, p) * self.conjugate()).v


@specimen(Vec(0.3, 0.4, 0.9), Vec(1.2, -0.4, 0.1))
def operators(a, b):
    c = (a + b) * 2.0 - 0.5 * a / 3.0
    return c @ a + a * b + abs(-c)


@specimen(Vec(0.3, 0.4, 0.9), Vec(1.2, -0.4, 0.1))
def cross_and_unit(a, b):
    n = a.cross(b).unit()
    return n.dot(UP) * abs(a - ORIGIN) + n.x


@specimen(Vec(0.3, 0.4), Vec(1.2, -0.4), Vec(-0.1, 0.8, 0.3))
def area_of_a_triangle(a, b, c):
    return 0.5 * abs((b - a).cross(c - a))


@specimen(Complex2(0.3, 0.4), 4)
def iterated_map(z, n):
    w = Complex2(0.0, 0.0)
    for _ in range(n):
        w = w * w + z
    return w.norm2


@specimen(Point(0.3, 0.4), Point(1.0, 2.0))
def in_place_operators(p, q):
    r = p
    p += q
    q += p
    s = p + q
    t = 1.5 + s
    t[0] = t[1] * r[0]
    best = s if p < q else t
    return best[0] * s.y + t.x


@specimen(Quaternion(0.8, Vec(0.1, 0.3, 0.2)), Vec(1.0, 0.5, -0.2))
def rotated_by_a_quaternion(q, p):
    r = q.rotate(q.rotate(p))
    return r.x * r.y + r.z


@specimen([Vec(0.0, 0.1), Vec(1.0, 0.2), Vec(0.7, 1.1)])
def centre_and_spread(points):
    centre = sum(points, ORIGIN) / len(points)
    spread = 0.0
    for p in points:
        d = p - centre
        spread += d * d
    return spread * abs(centre)


@specimen(Vec(1.0, 0.0), Vec(0.0, 0.8), 20)
def orbit(position, velocity, n):
    for _ in range(n):
        r = abs(position)
        velocity = velocity - position * (0.05 / r**3)
        position = position + velocity * 0.05
    return abs(position) + velocity.dot(position)


@specimen(Vec(0.3, 0.4), 2.0)
def equality_of_vectors(a, c):
    b = a if c > 1.0 else -a
    return abs(b) * 2.0 if a == b else abs(a)
