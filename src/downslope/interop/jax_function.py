"""A program as a function of JAX, with its own derivative."""

from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from downslope.interop.batched import Batched, batched


def function(f: Callable[..., Any] | str, constants: Sequence[str] = ()) -> Callable[..., Any]:
    """A program as a function of JAX arrays, element by element, for `jax.jit`, `jax.grad` and `jax.vmap`.

    Inputs are broadcast together; `constants` are names of constants that become further inputs. It runs
    on the host, in 64 bits, whatever the type of the inputs; the result has their type. By an input that
    must stay whole (a loop bound) there is no derivative. It can be differentiated once, in reverse mode;
    JAX refuses more. Where the program raises, so does the call. Raises as `downslope.grad`.

    >>> def area(width, height):
    ...     return width * height**2
    >>> slope = jax.grad(lambda width: jnp.sum(function(area)(width, 3.0)))
    >>> slope(jnp.array([1.0, 2.0])).tolist()
    [9.0, 9.0]
    """
    ready = batched(f, constants)
    names, inner = ready.read.arguments, _with_derivative(ready)

    def call(*args: Any, **kwargs: Any) -> Any:
        values = dict(zip(names, map(jnp.asarray, ready.ordered(args, kwargs)), strict=True))
        for name, value in values.items():
            ready.check(name, value.dtype.kind)
        real = jnp.result_type(float, *(values[name] for name in ready.wrt))
        typed = [value.astype(real) if name in ready.wrt else value for name, value in values.items()]
        return inner(*jnp.broadcast_arrays(*typed))

    return call


def _with_derivative(ready: Batched) -> Any:
    """The program for arrays of one shape, with its reverse rule."""
    names = ready.read.arguments

    def run(*args: Any) -> Any:
        first = next(
            (v for n, v in zip(names, args, strict=True) if n in ready.wrt), jnp.zeros(jnp.shape(args[0]))
        )
        shape = jax.eval_shape(lambda: jnp.zeros(first.shape, first.dtype))

        def host(*values: Any) -> tuple[Any, ...]:
            return tuple(
                np.asarray(part, dtype=first.dtype) for part in ready([np.asarray(v) for v in values])
            )

        return jax.pure_callback(host, (shape,) * (1 + len(ready.wrt)), *args, vmap_method="broadcast_all")

    @jax.custom_vjp
    def value(*args: Any) -> Any:
        return run(*args)[0]

    def sweep(*args: Any) -> Any:
        result, *slopes = run(*args)
        return result, slopes

    def pull(slopes: Any, bar: Any) -> tuple[Any, ...]:
        by_name = dict(zip(ready.wrt, slopes, strict=True))
        whole = np.zeros(bar.shape, jax.dtypes.float0)
        # A zero cotangent stays zero, also where the slope is infinite.
        return tuple(jnp.where(bar == 0, 0, bar * by_name[n]) if n in by_name else whole for n in names)

    value.defvjp(sweep, pull)
    return value
