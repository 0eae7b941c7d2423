"""LSTM language model with a weight per gate and unit (ADBench; Šrajer, Kukelova, Fitzgibbon 2018)."""

import math
from itertools import pairwise
from typing import Any

import numpy as np

TITLE = "LSTM"
WRT = ("main", "extra")
SIZES = {"l=2 c=1024 b=14": {"layers": 2, "length": 1024, "b": 14}}
LARGE = {"l=4 c=4096 b=14": {"layers": 4, "length": 4096, "b": 14}}
SMALL = {"layers": 2, "length": 4, "b": 3}
MISSING = {"CasADi": "its graph has one node per number"}


def data(layers: int, length: int, b: int) -> tuple[Any, ...]:
    rng = np.random.default_rng(41)
    main = rng.uniform(-1.0, 1.0, (2 * layers, 4 * b))
    extra = rng.uniform(-1.0, 1.0, (3, b))
    state = rng.uniform(-1.0, 1.0, (2 * layers, b))
    return main, extra, state, rng.integers(0, 2, (length, b)).astype(float)


def sigmoid(x):
    return 1.0 / (1.0 + math.exp(-x))


def primal(main, extra, state, sequence):
    layers = len(main) // 2
    length, b = sequence.shape
    now = state.copy()
    x = np.empty(b)
    y = np.empty(b)
    total = 0.0
    for t in range(length - 1):
        for j in range(b):
            x[j] = sequence[t, j] * extra[0, j]
        for layer in range(layers):
            w = main[2 * layer]
            bias = main[2 * layer + 1]
            hidden = now[2 * layer]
            cell = now[2 * layer + 1]
            for j in range(b):
                forget = sigmoid(x[j] * w[j] + bias[j])
                ingate = sigmoid(hidden[j] * w[b + j] + bias[b + j])
                outgate = sigmoid(x[j] * w[2 * b + j] + bias[2 * b + j])
                change = math.tanh(hidden[j] * w[3 * b + j] + bias[3 * b + j])
                cell[j] = cell[j] * forget + ingate * change
                hidden[j] = outgate * math.tanh(cell[j])
                x[j] = hidden[j]
        top = 0.0
        for j in range(b):
            y[j] = x[j] * extra[1, j] + extra[2, j]
            top += math.exp(y[j])
        norm = math.log(2.0 + top)
        for j in range(b):
            total += sequence[t + 1, j] * (y[j] - norm)
    return -total / ((length - 1) * b)


def _layer(xp: Any, w: Any, bias: Any, hidden: Any, cell: Any, x: Any) -> tuple[Any, Any]:
    w, bias = w.reshape(4, -1), bias.reshape(4, -1)
    forget = 1.0 / (1.0 + xp.exp(-(x * w[0] + bias[0])))
    ingate = 1.0 / (1.0 + xp.exp(-(hidden * w[1] + bias[1])))
    outgate = 1.0 / (1.0 + xp.exp(-(x * w[2] + bias[2])))
    change = xp.tanh(hidden * w[3] + bias[3])
    cell = cell * forget + ingate * change
    return outgate * xp.tanh(cell), cell


def _step(xp: Any, main: Any, extra: Any, now: Any, given: Any, wanted: Any) -> tuple[Any, Any]:
    """The state after one character, and its log-likelihood."""
    x, after = given * extra[0], []
    for layer in range(len(main) // 2):
        x, cell = _layer(xp, main[2 * layer], main[2 * layer + 1], now[2 * layer], now[2 * layer + 1], x)
        after += [x, cell]
    y = x * extra[1] + extra[2]
    return after, xp.sum(wanted * (y - xp.log(2.0 + xp.sum(xp.exp(y)))))


def jax(xp: Any) -> Any:
    from jax import lax

    def run(main: Any, extra: Any, state: Any, sequence: Any) -> Any:
        def one(now: Any, pair: Any) -> Any:
            after, value = _step(xp, main, extra, now, *pair)
            return xp.stack(after), value

        _, values = lax.scan(one, state, (sequence[:-1], sequence[1:]))
        return -xp.sum(values) / sequence[1:].size

    return run


def _looped(xp: Any) -> Any:
    def run(main: Any, extra: Any, state: Any, sequence: Any) -> Any:
        now, total = list(state), 0.0
        for given, wanted in pairwise(sequence):
            now, value = _step(xp, main, extra, now, given, wanted)
            total = total + value
        return -total / float(np.prod(sequence[1:].shape))

    return run


def torch(xp: Any) -> Any:
    return _looped(xp)


def autograd(xp: Any) -> Any:
    return _looped(xp)
