"""Predator and prey (Lotka-Volterra, four parameters) by the classical Runge-Kutta method."""

from typing import Any

TITLE = "ODE by RK4"
WRT = ("a", "b", "c", "d")
SIZES = {"100000 steps": {"steps": 100_000}}
SMALL = {"steps": 20}
MISSING: dict[str, str] = {}
SHORT = {"HIPS autograd": {"steps": 1_000}, "PyTorch": {"steps": 1_000}}
SCALE = 100
JAX_FORWARD = True


def data(steps: int) -> tuple[Any, ...]:
    return 1.5, 1.0, 3.0, 1.0, 100.0 / max(steps, 1_000), steps


def prey(x, y, a, b):
    return a * x - b * x * y


def predator(x, y, c, d):
    return d * x * y - c * y


def primal(a, b, c, d, h, steps):
    x = 1.0
    y = 1.0
    for _ in range(steps):
        k1 = prey(x, y, a, b)
        l1 = predator(x, y, c, d)
        k2 = prey(x + 0.5 * h * k1, y + 0.5 * h * l1, a, b)
        l2 = predator(x + 0.5 * h * k1, y + 0.5 * h * l1, c, d)
        k3 = prey(x + 0.5 * h * k2, y + 0.5 * h * l2, a, b)
        l3 = predator(x + 0.5 * h * k2, y + 0.5 * h * l2, c, d)
        k4 = prey(x + h * k3, y + h * l3, a, b)
        l4 = predator(x + h * k3, y + h * l3, c, d)
        x += h / 6.0 * (k1 + 2.0 * k2 + 2.0 * k3 + k4)
        y += h / 6.0 * (l1 + 2.0 * l2 + 2.0 * l3 + l4)
    return x + y


def _step(z: Any, a: Any, b: Any, c: Any, d: Any, h: float) -> Any:
    def slope(x: Any, y: Any) -> tuple[Any, Any]:
        return prey(x, y, a, b), predator(x, y, c, d)

    x, y = z
    k1, l1 = slope(x, y)
    k2, l2 = slope(x + 0.5 * h * k1, y + 0.5 * h * l1)
    k3, l3 = slope(x + 0.5 * h * k2, y + 0.5 * h * l2)
    k4, l4 = slope(x + h * k3, y + h * l3)
    return x + h / 6.0 * (k1 + 2 * k2 + 2 * k3 + k4), y + h / 6.0 * (l1 + 2 * l2 + 2 * l3 + l4)


def jax(xp: Any) -> Any:
    """Four tangents forward, which is faster than its reverse here."""
    from jax import lax

    def run(a: Any, b: Any, c: Any, d: Any, h: float, steps: int) -> Any:
        start = (xp.asarray(1.0), xp.asarray(1.0))
        return sum(lax.fori_loop(0, steps, lambda _, z: _step(z, a, b, c, d, h), start))

    return run


def _looped(a: Any, b: Any, c: Any, d: Any, h: float, steps: int) -> Any:
    z: Any = (1.0, 1.0)
    for _ in range(steps):
        z = _step(z, a, b, c, d, h)
    return z[0] + z[1]


def torch(xp: Any) -> Any:
    del xp
    return _looped


def autograd(xp: Any) -> Any:
    del xp
    return _looped


def casadi(xp: Any, args: tuple[Any, ...]) -> Any:
    """One step as a function, folded over the steps; four forward derivatives."""
    *_, h, steps = args
    p, z = xp.SX.sym("p", 4), xp.SX.sym("z", 2)
    x, y = _step((z[0], z[1]), p[0], p[1], p[2], p[3], h)
    # Folds of folds keep the graph of the derivative small.
    step = xp.Function("step", [z, p], [xp.vertcat(x, y), p])
    whole = step.fold(steps)
    q = xp.MX.sym("q", 4)
    end = whole(xp.DM([1.0, 1.0]), q)[0]
    return [q], xp.sum1(end)
