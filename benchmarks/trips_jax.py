"""The taxi's program in JAX: vmap over rows, lax.while_loop, forward mode (its loops have no reverse), jit."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

from benchmarks.trips import START, Array, columns

jax.config.update("jax_enable_x64", True)
jax.config.update("jax_platforms", "cpu")


def trip(x: Any, d: Any, hour: Any) -> Any:
    """Minutes of one trip."""
    speed, jam, stop, dwell, decay = x
    rush = ((hour >= 7) & (hour < 10)) | ((hour >= 16) & (hour < 19))
    v = jnp.where(rush, speed * jam, speed)

    def km(state: Any) -> Any:
        t, v, d = state
        return t + 60 / v + stop * dwell, v * decay + (1 - decay) * speed, d - 1

    t, v, d = lax.while_loop(lambda state: state[2] > 1, km, (0.0, v, d))
    return t + 60 * d / v


def cost(x: Any, d: Any, hour: Any, minutes: Any) -> Any:
    """Half the sum of squared errors."""
    residual = jax.vmap(trip, (None, 0, 0))(x, d, hour) - minutes
    return 0.5 * jnp.sum(residual * residual)


def value_and_slopes(x: Any, *data: Any) -> Any:
    """Cost and gradient in one sweep, as the other side computes them."""

    def twice(z: Any) -> Any:
        value = cost(z, *data)
        return value, value

    slopes, value = jax.jacfwd(twice, has_aux=True)(x)
    return value, slopes


def cases(rows: int) -> dict[str, Callable[[], Array]]:
    """Cost, and cost with gradient, compiled; each waits for its result."""
    data = [jnp.asarray(column) for column in columns(rows).values()]
    x = jnp.asarray(START)
    costing, sloping = jax.jit(cost), jax.jit(value_and_slopes)

    def run_cost() -> Array:
        return jax.block_until_ready(costing(x, *data))  # type: ignore[no-any-return]

    def run_slopes() -> Array:
        return jax.block_until_ready(sloping(x, *data))  # type: ignore[no-any-return]

    return {"JAX: cost": run_cost, "JAX: cost + gradient": run_slopes}
