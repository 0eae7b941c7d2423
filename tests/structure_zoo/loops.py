"""Models that scientists write with structures: simulations, networks, hierarchies, geometry."""

# Programs are written as users write them; a type checker objects to some of that.
# mypy: ignore-errors

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from structure_zoo.registry import matrix, specimen, vector


class Layer(NamedTuple):
    weight: np.ndarray
    bias: np.ndarray

    def __call__(self, x):
        return np.tanh(self.weight @ x + self.bias)


@dataclass
class Network:
    layers: list
    out: np.ndarray

    def forward(self, x):
        for layer in self.layers:
            x = layer(x)
        return np.dot(self.out, x)


@dataclass
class Bone:
    """One bone of a hierarchy: an angle, a length, and what hangs on it."""

    angle: float
    length: float
    children: tuple = ()

    def reach(self, x, y, turned):
        angle = turned + self.angle
        x = x + self.length * math.cos(angle)
        y = y + self.length * math.sin(angle)
        total = x * x + 0.5 * y
        for child in self.children:
            total = total + child.reach(x, y, angle)
        return total


@dataclass
class Body:
    position: np.ndarray
    velocity: np.ndarray
    mass: float = 1.0


@dataclass(frozen=True)
class Gaussian:
    mean: float
    spread: float

    def log_density(self, x):
        z = (x - self.mean) / self.spread
        return -0.5 * z * z - math.log(self.spread)


class State(NamedTuple):
    x: float
    p: float


@dataclass
class Kalman:
    mean: float
    var: float

    def predict(self, q):
        self.var += q

    def update(self, z, r):
        gain = self.var / (self.var + r)
        self.mean += gain * (z - self.mean)
        self.var *= 1.0 - gain


NET = Network([Layer(matrix(2, 3), vector(2)), Layer(matrix(2, 2, -0.3), vector(2, -0.2))], vector(2, 0.5))
HAND = Bone(0.2, 1.0, (Bone(0.3, 0.6, (Bone(-0.4, 0.3),)), Bone(0.9, 0.5)))


@specimen(NET, vector(3))
def network_of_layers(net, x):
    return net.forward(x) ** 2


@specimen({"w1": matrix(2, 3), "b1": vector(2), "w2": vector(2, 0.4)}, matrix(4, 3), vector(4))
def loss_of_a_network(p, data, target):
    loss = 0.0
    for i in range(len(data)):
        hidden = np.tanh(p["w1"] @ data[i] + p["b1"])
        loss += (np.dot(p["w2"], hidden) - target[i]) ** 2
    return loss / len(data)


@specimen(HAND)
def bones(hand):
    return hand.reach(0.0, 0.0, 0.1)


@specimen(Body(vector(2), vector(2, -0.4), 1.3), 4)
def body_with_arrays(b, n):
    for _ in range(n):
        b.velocity = b.velocity - 0.1 * b.position / b.mass
        b.position = b.position + 0.1 * b.velocity
    return np.sum(b.position**2) * b.mass


@specimen(Body(vector(2), vector(2, -0.4), 1.3), 4)
def arrays_of_an_object_in_place(b, n):
    for k in range(n):
        b.velocity -= 0.1 * b.position * b.mass
        b.position[k % 2] += 0.1 * b.velocity[0]
    return b.position[0] * b.position[1] + b.velocity[1]


@specimen([(0.4, Gaussian(0.0, 1.0)), (0.6, Gaussian(1.2, 0.7))], vector(4))
def mixture(parts, xs):
    total = 0.0
    for x in xs:
        density = 0.0
        for weight, gaussian in parts:
            density += weight * math.exp(gaussian.log_density(x))
        total += math.log(density)
    return total


def slope(s, k):
    return State(s.p, -k * math.sin(s.x))


def ahead(s, d, h):
    return State(s.x + h * d.x, s.p + h * d.p)


@specimen(State(0.5, 0.1), 1.4, 5)
def runge_kutta(s, k, n):
    h = 0.1
    for _ in range(n):
        a = slope(s, k)
        b = slope(ahead(s, a, h / 2), k)
        c = slope(ahead(s, b, h / 2), k)
        d = slope(ahead(s, c, h), k)
        s = State(
            s.x + h / 6 * (a.x + 2 * b.x + 2 * c.x + d.x), s.p + h / 6 * (a.p + 2 * b.p + 2 * c.p + d.p)
        )
    return s.x * s.x + s.p


@specimen(Kalman(0.2, 1.0), vector(5), {"q": 0.1, "r": 0.4})
def kalman_filter(k, zs, noise):
    cost = 0.0
    for z in zs:
        k.predict(noise["q"])
        cost += (z - k.mean) ** 2 / (k.var + noise["r"]) + math.log(k.var + noise["r"])
        k.update(z, noise["r"])
    return cost + k.var


@specimen({"rate": 0.4, "drag": {"low": 0.1, "high": 0.3}}, 1.5, 6)
def branch_on_parameters(p, x, n):
    for i in range(n):
        d = p["drag"]["low"] if x < 1.0 else p["drag"]["high"]
        if i == 3:
            continue
        x = x - d * p["rate"] * x * x
        if x < 0.2:
            break
    return x


@specimen(State(1.0, 0.0), 0.3)
def while_with_an_object(s, dt):
    k = Kalman(s.x, s.p + 1.0)
    while 0.05 < k.var < 9.0:
        k.update(s.x * 0.5, 0.5)
        k.mean = k.mean * (1.0 - dt)
    return k.mean + k.var


@specimen([0.2, 0.5, 0.1], {"a": 1.2, "b": 0.4})
def found_in_a_list(values, p):
    best = values[0]
    for i, v in enumerate(values):
        if v * p["a"] > best:
            best = v * p["a"] + i
        if best > 1.0:
            break
    else:
        best = best * 2.0
    return best * p["b"]
