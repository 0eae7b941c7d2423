"""Programs that take structures of numbers from their module."""

from dataclasses import dataclass
from typing import Any

import numpy as np

import structured_settings as settings
from structured_settings import GAINS


@dataclass
class Car:
    speed: float
    wait: float = 2.0


COEFFS = [0.5, 1.0, 2]
CAR = Car(30, wait=2.5)
PAIR = (1.0, 3.0)
STEPS = [1, 2]
DERIVED = [1.0, 2.0]
TWICE = [2.0 * each for each in DERIVED]
GROWING = [1.0]
LARGE = np.linspace(0.0, 1.0, 1000)


def polynomial(x):
    return COEFFS[0] + COEFFS[1] * x + COEFFS[-1] * x * x


def summed(x):
    return sum(each * x for each in PAIR) + PAIR[1]


def with_helper(x, scale=2.0):
    return summed(x) * scale + PAIR[0]


def driven(x):
    return CAR.wait + 60.0 * x / CAR.speed


def elsewhere(x):
    return x / (settings.SPEEDS["day"] if x > 2.0 else settings.SPEEDS["night"]) + GAINS[1] * x**2


def curve(x, w=(1.0, 2.0)):
    return w[0] + w[1] * x


def helped(x):
    return curve(x) * curve(x * x)


def inner(x):
    def at(t):
        return COEFFS[0] * t + COEFFS[1]

    return at(x) + at(2.0 * x)


chosen = lambda x: PAIR[0] * x + PAIR[1] ** 2  # noqa: E731  # lambdas are programs too


def stepped(x, a=2.0):
    total = 0.0
    for k in STEPS:
        for _ in range(k):
            total += a * x
    return total


def derived(x, a=2.0):
    return a * x + DERIVED[0] + TWICE[1]


def grown(x, a=2.0):
    GROWING.append(1.0)
    return a * x


def large(x, a=2.0):
    return a * x + LARGE[3]


def shadowed(x, a=2.0):
    PAIR = (a, x)  # noqa: N806  # the name of the module's
    return PAIR[0] * PAIR[1]


def both(x):
    return curve(x) + curve(x, (3.0, 4.0))


def one_of_several(x, w: Any = (1.0, 2.0)):
    return w[0] * x
