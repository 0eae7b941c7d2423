"""Programs inside JAX: `from downslope.jax import function`. It needs JAX."""

from downslope.interop.jax_function import function as function

__all__ = ["function"]
