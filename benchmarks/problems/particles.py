"""Particles that fall, drag, and bounce off a floor and two walls; where they end, by the laws' constants."""

from typing import Any

import numpy as np

TITLE = "particles with branches"
WRT = ("gravity", "drag", "loss", "push")
SIZES = {"2000 particles": {"n": 2_000}}
SMALL = {"n": 5}
MISSING = {
    "CasADi": "its loops have no data-dependent length",
    "PyTorch": "-= changes its numbers in place, which its tape refuses",
}
SHORT = {"HIPS autograd": {"n": 20}}
SCALE = 100
JAX_FORWARD = True


def data(n: int) -> tuple[Any, ...]:
    rng = np.random.default_rng(53)
    places = np.column_stack([rng.uniform(-1.0, 1.0, n), rng.uniform(0.5, 2.0, n)])
    return 9.81, 0.1, 0.8, 0.3, places, rng.normal(size=(n, 2)), 0.01


def primal(gravity, drag, loss, push, places, speeds, dt):
    total = 0.0
    for i in range(len(places)):
        x = places[i, 0]
        y = places[i, 1]
        vx = speeds[i, 0]
        vy = speeds[i, 1]
        bounces = 0
        steps = 0
        while bounces < 3 and steps < 400:
            vx -= dt * drag * vx
            vy -= dt * (gravity + drag * vy)
            if y < 0.5:
                vx += dt * push * (0.5 - y)
            x += dt * vx
            y += dt * vy
            if y < 0.0:
                y = -loss * y
                vy = -loss * vy
                bounces += 1
            if x > 1.0:
                x = 2.0 - x
                vx = -vx
            elif x < -1.0:
                x = -2.0 - x
                vx = -vx
            steps += 1
        total += x * x + y
    return total


def jax(xp: Any) -> Any:
    """All particles at once, until the last has bounced three times; forward, for the loop has no reverse."""
    import jax as library

    def one(gravity: Any, drag: Any, loss: Any, push: Any, place: Any, speed: Any, dt: Any) -> Any:
        def step(state: Any) -> Any:
            x, y, vx, vy, bounces, steps = state
            vx, vy = vx - dt * drag * vx, vy - dt * (gravity + drag * vy)
            vx = vx + xp.where(y < 0.5, dt * push * (0.5 - y), 0.0)
            x, y = x + dt * vx, y + dt * vy
            low = y < 0.0
            y, vy = xp.where(low, -loss * y, y), xp.where(low, -loss * vy, vy)
            right, left = x > 1.0, x < -1.0
            x = xp.where(right, 2.0 - x, xp.where(left, -2.0 - x, x))
            return x, y, xp.where(right | left, -vx, vx), vy, bounces + low, steps + 1

        start = (place[0], place[1], speed[0], speed[1], 0, 0)
        end = library.lax.while_loop(lambda s: (s[4] < 3) & (s[5] < 400), step, start)
        return end[0] ** 2 + end[1]

    each = library.vmap(one, (None, None, None, None, 0, 0, None))
    return lambda *args: xp.sum(each(*args))


def autograd(xp: Any) -> Any:
    del xp
    return primal
