"""The program that the tests of JAX and of PyTorch run inside these."""

import math

RATE = 0.4


def program(x, y=2.0, n=3):
    total = y
    for k in range(n):
        total = total * math.exp(-RATE * x) + k * math.sin(x)
        if total > 2.0:
            total -= x * y
    return total
