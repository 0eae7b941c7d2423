"""The gradient of the LSTM by hand: the states of every step are kept, gates are computed again."""

import math
from typing import Any

import numba
import numpy as np

_njit: Any = numba.njit(error_model="numpy", fastmath={"reassoc", "contract"})


@_njit
def _sigmoid(x: Any) -> Any:
    return 1.0 / (1.0 + math.exp(-x))


@_njit
def gradient(main: Any, extra: Any, state: Any, sequence: Any) -> Any:
    layers, (length, b) = len(main) // 2, sequence.shape
    states = np.empty((length, 2 * layers, b))
    states[0] = state
    inputs = np.empty((length, layers + 1, b))
    gates = np.empty((length, layers, 4, b))
    y, total = np.empty(b), 0.0
    norms = np.empty(length)
    for t in range(length - 1):
        for j in range(b):
            inputs[t, 0, j] = sequence[t, j] * extra[0, j]
        for k in range(layers):
            w, bias, gate, x = main[2 * k], main[2 * k + 1], gates[t, k], inputs[t, k]
            hidden, cell = states[t, 2 * k], states[t, 2 * k + 1]
            for j in range(b):
                f = _sigmoid(x[j] * w[j] + bias[j])
                i = _sigmoid(hidden[j] * w[b + j] + bias[b + j])
                o = _sigmoid(x[j] * w[2 * b + j] + bias[2 * b + j])
                c = math.tanh(hidden[j] * w[3 * b + j] + bias[3 * b + j])
                new = cell[j] * f + i * c
                gate[0, j], gate[1, j], gate[2, j], gate[3, j] = f, i, o, c
                states[t + 1, 2 * k + 1, j] = new
                h = o * math.tanh(new)
                states[t + 1, 2 * k, j] = h
                inputs[t, k + 1, j] = h
        top = 0.0
        for j in range(b):
            y[j] = inputs[t, layers, j] * extra[1, j] + extra[2, j]
            top += math.exp(y[j])
        norms[t] = math.log(2.0 + top)
        for j in range(b):
            total += sequence[t + 1, j] * (y[j] - norms[t])
    scale = -1.0 / ((length - 1) * b)
    main_bar, extra_bar = np.zeros(main.shape), np.zeros(extra.shape)
    bar, x_bar = np.zeros((2 * layers, b)), np.empty(b)
    for t in range(length - 2, -1, -1):
        wanted = 0.0
        for j in range(b):
            wanted += sequence[t + 1, j]
        for j in range(b):
            x = inputs[t, layers, j]
            share = math.exp(x * extra[1, j] + extra[2, j] - norms[t])
            y_bar = scale * (sequence[t + 1, j] - wanted * share)
            extra_bar[1, j] += y_bar * x
            extra_bar[2, j] += y_bar
            x_bar[j] = y_bar * extra[1, j]
        for k in range(layers - 1, -1, -1):
            w, gate, x = main[2 * k], gates[t, k], inputs[t, k]
            w_bar, bias_bar = main_bar[2 * k], main_bar[2 * k + 1]
            hidden, cell, new = states[t, 2 * k], states[t, 2 * k + 1], states[t + 1, 2 * k + 1]
            for j in range(b):
                f, i, o, c = gate[0, j], gate[1, j], gate[2, j], gate[3, j]
                squashed = math.tanh(new[j])
                h_bar = x_bar[j] + bar[2 * k, j]
                c_bar = bar[2 * k + 1, j] + h_bar * o * (1.0 - squashed * squashed)
                o_bar = h_bar * squashed * o * (1.0 - o)
                f_bar = c_bar * cell[j] * f * (1.0 - f)
                i_bar = c_bar * c * i * (1.0 - i)
                a_bar = c_bar * i * (1.0 - c * c)
                w_bar[j] += f_bar * x[j]
                w_bar[b + j] += i_bar * hidden[j]
                w_bar[2 * b + j] += o_bar * x[j]
                w_bar[3 * b + j] += a_bar * hidden[j]
                bias_bar[j] += f_bar
                bias_bar[b + j] += i_bar
                bias_bar[2 * b + j] += o_bar
                bias_bar[3 * b + j] += a_bar
                x_bar[j] = f_bar * w[j] + o_bar * w[2 * b + j]
                bar[2 * k, j] = i_bar * w[b + j] + a_bar * w[3 * b + j]
                bar[2 * k + 1, j] = c_bar * f
        for j in range(b):
            extra_bar[0, j] += x_bar[j] * sequence[t, j]
    return total * scale, main_bar, extra_bar
