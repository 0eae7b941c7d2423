"""The likelihood of a track under a Kalman filter: place and speed, noisy places; in scalars, as on a board."""

import math
from typing import Any

import numpy as np

TITLE = "Kalman filter"
WRT = ("q", "r", "drag", "bias")
SIZES = {"100000 steps": {"n": 100_000}}
SMALL = {"n": 20}
MISSING: dict[str, str] = {}
SHORT = {"HIPS autograd": {"n": 1_000}, "PyTorch": {"n": 1_000}}
SCALE = 100
JAX_FORWARD = True


def data(n: int) -> tuple[Any, ...]:
    rng = np.random.default_rng(47)
    track = np.sin(0.01 * np.arange(n)) * 5.0 + rng.normal(0.0, 0.3, n)
    return 0.02, 0.1, 0.98, 0.05, track, 0.1


def primal(q, r, drag, bias, track, dt):
    x = 0.0
    v = 0.0
    pxx = 1.0
    pxv = 0.0
    pvv = 1.0
    total = 0.0
    for z in track:
        x = x + dt * v
        v = drag * v
        pxx = pxx + 2.0 * dt * pxv + dt * dt * pvv + 0.25 * dt * dt * dt * dt * q
        pxv = drag * (pxv + dt * pvv) + 0.5 * dt * dt * dt * q
        pvv = drag * drag * pvv + dt * dt * q
        s = pxx + r
        miss = z - bias - x
        total += 0.5 * (math.log(s) + miss * miss / s)
        gx = pxx / s
        gv = pxv / s
        x += gx * miss
        v += gv * miss
        pvv -= gv * pxv
        pxv *= 1.0 - gx
        pxx *= 1.0 - gx
    return total


def _step(xp: Any, state: Any, z: Any, q: Any, r: Any, drag: Any, bias: Any, dt: Any) -> Any:
    x, v, pxx, pxv, pvv, total = state
    x, v = x + dt * v, drag * v
    pxx = pxx + 2.0 * dt * pxv + dt * dt * pvv + 0.25 * dt**4 * q
    pxv = drag * (pxv + dt * pvv) + 0.5 * dt**3 * q
    pvv = drag * drag * pvv + dt * dt * q
    s, miss = pxx + r, z - bias - x
    total = total + 0.5 * (xp.log(s) + miss * miss / s)
    gx, gv = pxx / s, pxv / s
    return x + gx * miss, v + gv * miss, (1.0 - gx) * pxx, (1.0 - gx) * pxv, pvv - gv * pxv, total


START = (0.0, 0.0, 1.0, 0.0, 1.0, 0.0)


def jax(xp: Any) -> Any:
    """Four tangents forward, which is faster than its reverse here."""
    from jax import lax

    def run(q: Any, r: Any, drag: Any, bias: Any, track: Any, dt: float) -> Any:
        def one(state: Any, z: Any) -> Any:
            return _step(xp, state, z, q, r, drag, bias, dt), None

        return lax.scan(one, tuple(map(xp.asarray, START)), track)[0][-1]

    return run


def _looped(xp: Any) -> Any:
    def run(q: Any, r: Any, drag: Any, bias: Any, track: Any, dt: float) -> Any:
        state: Any = START
        for z in track:
            state = _step(xp, state, z, q, r, drag, bias, dt)
        return state[-1]

    return run


def torch(xp: Any) -> Any:
    return _looped(xp)


def autograd(xp: Any) -> Any:
    return _looped(xp)


def casadi(xp: Any, args: tuple[Any, ...]) -> Any:
    """One step as a function, folded over the track."""
    *_, track, dt = args
    p, z, y = xp.SX.sym("p", 4), xp.SX.sym("z", 6), xp.SX.sym("y")
    after = _step(xp, [z[i] for i in range(6)], y, p[0], p[1], p[2], p[3], dt)
    step = xp.Function("step", [z, y, p], [xp.vertcat(*after)])
    q = xp.MX.sym("q", 4)
    every = step.mapaccum(len(track))(xp.DM(START), xp.DM(track).T, q)
    return [q], every[5, -1]
