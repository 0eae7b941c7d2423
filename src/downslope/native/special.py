"""SciPy's special functions for emitted code, each made when it is first called for.

They are called through the C addresses that `scipy.special.cython_special` publishes; they are
registered under fixed symbol names so that Numba's disk cache stays valid.
"""

from collections.abc import Callable
from functools import cache
from typing import Any

import llvmlite.binding as llvm
from numba import types
from numba.extending import get_cython_function_address, overload

Function = Callable[..., Any]

CYTHON = {
    "digamma": ("psi", "__pyx_fuse_1psi", 1),
    "beta": ("beta", "beta", 2),
    "betaln": ("betaln", "betaln", 2),
    "j0": ("j0", "j0", 1),
    "j1": ("j1", "j1", 1),
    "y0": ("y0", "y0", 1),
    "y1": ("y1", "y1", 1),
    "i0": ("i0", "i0", 1),
    "i1": ("i1", "i1", 1),
    "betainc": ("betainc", "__pyx_fuse_0betainc", 3),
    "binom": ("binom", "binom", 2),
    "dawsn": ("dawsn", "__pyx_fuse_1dawsn", 1),
    "entr": ("entr", "entr", 1),
    "erfcinv": ("erfcinv", "erfcinv", 1),
    "erfcx": ("erfcx", "__pyx_fuse_1erfcx", 1),
    "erfinv": ("erfinv", "__pyx_fuse_0erfinv", 1),
    "exp1": ("exp1", "__pyx_fuse_1exp1", 1),
    "expi": ("expi", "__pyx_fuse_1expi", 1),
    "gammainc": ("gammainc", "gammainc", 2),
    "gammaincc": ("gammaincc", "gammaincc", 2),
    "huber": ("huber", "huber", 2),
    "i0e": ("i0e", "i0e", 1),
    "i1e": ("i1e", "i1e", 1),
    "iv": ("iv", "__pyx_fuse_1iv", 2),
    "jv": ("jv", "__pyx_fuse_1jv", 2),
    "k0": ("k0", "k0", 1),
    "k0e": ("k0e", "k0e", 1),
    "k1": ("k1", "k1", 1),
    "k1e": ("k1e", "k1e", 1),
    "kl_div": ("kl_div", "kl_div", 2),
    "kv": ("kv", "__pyx_fuse_1kv", 2),
    "log_expit": ("log_expit", "__pyx_fuse_0log_expit", 1),
    "log_ndtr": ("log_ndtr", "__pyx_fuse_1log_ndtr", 1),
    "ndtri": ("ndtri", "ndtri", 1),
    "poch": ("poch", "poch", 2),
    "pseudo_huber": ("pseudo_huber", "pseudo_huber", 2),
    "rel_entr": ("rel_entr", "rel_entr", 2),
    "wrightomega": ("wrightomega", "__pyx_fuse_1wrightomega", 1),
    "xlog1py": ("xlog1py", "__pyx_fuse_1xlog1py", 2),
    "xlogy": ("xlogy", "__pyx_fuse_1xlogy", 2),
    "yv": ("yv", "__pyx_fuse_1yv", 2),
}
"""Our name -> the ufunc in scipy.special, the C symbol in cython_special, and how many arguments."""


def _signature(count: int) -> Any:
    float64: Any = types.float64
    return float64(*[float64] * count)


@cache
def special(name: str) -> Function:
    """A function of SciPy for CPython (the ufunc) and for Numba (its C address)."""
    import scipy.special  # slow to load

    ufunc_name, symbol, count = CYTHON[name]
    ufunc = getattr(scipy.special, ufunc_name)
    address = int(get_cython_function_address("scipy.special.cython_special", symbol))
    llvm.add_symbol(f"downslope_{name}", address)
    external: Any = types.ExternalFunction(f"downslope_{name}", _signature(count))

    # Numba wants the overload and what it returns to have the same signature, annotations included.
    if count == 1:

        def one(x):  # type: ignore[no-untyped-def]
            return float(ufunc(x))

        overload(one)(lambda x: lambda x: external(float(x)))
        return one

    if count == 2:

        def two(a, b):  # type: ignore[no-untyped-def]
            return float(ufunc(a, b))

        overload(two)(lambda a, b: lambda a, b: external(float(a), float(b)))
        return two

    def three(a, b, c):  # type: ignore[no-untyped-def]
        return float(ufunc(a, b, c))

    overload(three)(lambda a, b, c: lambda a, b, c: external(float(a), float(b), float(c)))
    return three


SPECIAL = frozenset(CYTHON)
