"""The routines that emitted code calls, compiled: what NumPy gives, also for empty arrays and for NaN."""

from typing import Any

import numba
import numpy as np
import pytest

from downslope.native.whole import WHOLE

RNG = np.random.default_rng(7)
SQUARE = RNG.normal(size=(3, 3))
DEFINITE = SQUARE @ SQUARE.T + np.eye(3)
TALL, RIGHT = RNG.normal(size=(4, 2)), RNG.normal(size=(4, 3))
CASES: dict[str, tuple[tuple[Any, ...], Any]] = {
    "whole_solve": ((SQUARE, RIGHT[:3].copy()), lambda a, b: np.linalg.solve(a, b)),
    "whole_held": ((SQUARE,), lambda a: a),
    "whole_inv": ((SQUARE,), lambda a: np.linalg.inv(a)),
    "whole_det": ((SQUARE,), lambda a: np.linalg.det(a)),
    "whole_slogdet": ((SQUARE,), lambda a: tuple(np.linalg.slogdet(a))),
    "whole_cholesky": ((DEFINITE,), lambda a: np.linalg.cholesky(a)),
    "whole_eigh": ((DEFINITE,), lambda a: tuple(np.linalg.eigh(a))),
    "whole_eigvalsh": ((DEFINITE,), lambda a: np.linalg.eigvalsh(a)),
    "whole_qr": ((TALL,), lambda a: tuple(np.linalg.qr(a))),
    "whole_svd": ((TALL,), lambda a: tuple(np.linalg.svd(a, full_matrices=False))),
    "whole_svdvals": ((TALL,), lambda a: np.linalg.svdvals(a)),
    "whole_pinv": ((TALL, 1e-15), lambda a, cut: np.linalg.pinv(a, cut)),
    "whole_lstsq": ((TALL, RIGHT, 1e-15), lambda a, b, cut: np.linalg.lstsq(a, b, cut)[::2]),
}


def same(found: Any, expected: Any) -> None:
    """Fail unless all results are equal up to rounding, NaN and shapes included."""
    for one, other in zip(*(x if isinstance(x, tuple) else (x,) for x in (found, expected)), strict=True):
        assert np.shape(one) == np.shape(other)
        assert np.allclose(one, other, rtol=1e-12, atol=1e-12, equal_nan=True)


def test_every_routine_is_here() -> None:
    assert set(CASES) == set(WHOLE)


@pytest.mark.parametrize("name", CASES)
def test_compiled_routines_give_what_numpy_gives(name: str) -> None:
    args, expected = CASES[name]
    run = numba.njit(WHOLE[name])
    same(run(*args), expected(*args))
    same(WHOLE[name](*args), expected(*args))
    with pytest.raises(AssertionError):
        same(run(*args), expected(args[0] * 1.001, *args[1:]))
    spoilt = args[0].copy()
    spoilt[0, 0] = np.nan
    if name == "whole_cholesky":
        with pytest.raises(np.linalg.LinAlgError):
            run(spoilt)
    else:
        results = run(spoilt, *args[1:])
        first = results[0] if isinstance(results, tuple) else results
        assert np.isnan(first).all() if name != "whole_held" else np.isnan(first).any()
    empty = [
        np.zeros((0, arg.shape[1] if k else 0)) if isinstance(arg, np.ndarray) else arg
        for k, arg in enumerate(args)
    ]
    if name != "whole_lstsq":
        same(run(*empty), expected(*empty))
