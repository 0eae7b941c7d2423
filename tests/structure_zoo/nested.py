"""Programs with structures that take derivatives themselves."""

# Programs are written as users write them; a type checker objects to some of that.
# mypy: ignore-errors

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

import downslope as ds
from structure_zoo.registry import specimen, vector


@dataclass
class Well:
    depth: float
    width: float

    def energy(self, q):
        return -self.depth * math.exp(-q * q / self.width)


class State(NamedTuple):
    q: float
    p: float


@specimen(Well(1.2, 0.8), State(0.4, 0.1))
def a_force_from_the_energy_of_an_object(well, state):
    force = ds.grad(lambda q: well.energy(q))
    for _ in range(3):
        p = state.p - 0.1 * force(state.q)
        state = State(state.q + 0.1 * p, p)
    return state.q * state.p + state.q


@specimen({"rate": 0.3, "weights": vector(3)}, 0.7)
def descent_with_what_a_dict_holds(params, start):
    def cost(y):
        return np.sum((y - params["weights"]) ** 2) * params["rate"]

    y = start
    for _ in range(3):
        y = y - 0.2 * ds.derivative(cost, mode="reverse")(y)
    return y * params["rate"]


@specimen((0.3, 0.4))
def results_of_derivatives_in_a_tuple(pair):
    a, b = pair
    value, (first, second) = ds.value_and_grad(lambda u, v: u * u * v * a, (0, 1))(b, a)
    state = State(first * a, second)
    return value * state.q + state.p
