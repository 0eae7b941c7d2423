"""One process: import JAX, then the first gradient. Prints JSON."""

import time

start = time.perf_counter()
import jax  # noqa: E402
import jax.numpy as jnp  # noqa: E402
from jax import lax  # noqa: E402

imported = time.perf_counter()
jax.config.update("jax_enable_x64", True)
jax.config.update("jax_platforms", "cpu")
jax.config.update("jax_persistent_cache_min_compile_time_secs", 0)
jax.config.update("jax_persistent_cache_min_entry_size_bytes", -1)


def trip(x, d, hour):  # type: ignore[no-untyped-def]
    """Minutes of one trip."""
    speed, jam, stop, dwell, decay = x
    rush = ((hour >= 7) & (hour < 10)) | ((hour >= 16) & (hour < 19))
    v = jnp.where(rush, speed * jam, speed)

    def km(state):  # type: ignore[no-untyped-def]
        t, v, d = state
        return t + 60 / v + stop * dwell, v * decay + (1 - decay) * speed, d - 1

    t, v, d = lax.while_loop(lambda state: state[2] > 1, km, (0.0, v, d))
    return t + 60 * d / v


slope = jax.jit(jax.jacfwd(trip))
at = [30.0, 0.5, 0.4, 1.0, 0.3]
gradient = jax.block_until_ready(slope(jnp.array(at), 4.5, 8))
first = time.perf_counter()
jax.block_until_ready(slope(jnp.array(at), 4.5, 8))
second = time.perf_counter()

if __name__ == "__main__":
    import json

    times = {"import": imported - start, "first": first - imported, "second": second - first}
    print(json.dumps({"times": times, "gradient": gradient.tolist()}))
