"""JAX: `jit`, 64 bits, one thread, results waited for."""

import os
from typing import Any

import numpy as np

from benchmarks.tools import Calls, places

os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"


def prepared(problem: Any, args: tuple[Any, ...]) -> Calls:
    """Numbers that do not vary are static."""
    import jax

    jax.config.update("jax_enable_x64", True)
    jax.config.update("jax_platforms", "cpu")
    import jax.numpy as jnp

    function, varied = problem.jax(jnp), tuple(places(problem))
    static = tuple(i for i, v in enumerate(args) if i not in varied and not isinstance(v, np.ndarray))
    given = [value if i in static else jnp.asarray(np.asarray(value)) for i, value in enumerate(args)]
    slopes = jax.jacfwd if getattr(problem, "JAX_FORWARD", False) else jax.grad
    primal = jax.jit(function, static_argnums=static)
    gradient = jax.jit(slopes(function, varied), static_argnums=static)
    return lambda: jax.block_until_ready(primal(*given)), lambda: jax.block_until_ready(gradient(*given))
