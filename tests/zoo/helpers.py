"""Helpers in another module, with a constant of the same name as their caller's."""

FACTOR = 0.3


def cube(a: float) -> float:
    return a * a * a


def scaled(a: float) -> float:
    return a * FACTOR
