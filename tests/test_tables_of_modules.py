"""Arrays of a module: read as they are when the program is, never stored into, and part of the cache key."""

import numpy as np
import pytest

import downslope as ds
from downslope.errors import UnsupportedError

TABLE = np.array([1.0, 2.0, 4.0])
LONG = np.zeros(257)


def weighed(a):  # type: ignore[no-untyped-def]
    return np.sum(TABLE * a)


def stored_into(a):  # type: ignore[no-untyped-def]
    TABLE[0] = a[0]
    return np.sum(TABLE * a)


def too_long(a):  # type: ignore[no-untyped-def]
    return np.sum(LONG) * a[0]


def test_what_it_holds_is_part_of_the_key(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same text with another table is another program, also where machine code is kept on disk."""
    a = np.ones(3)
    assert ds.grad(weighed)(a).tolist() == [1.0, 2.0, 4.0]
    monkeypatch.setitem(globals(), "TABLE", np.array([3.0, 0.5, -1.0]))
    assert ds.grad(weighed)(a).tolist() == [3.0, 0.5, -1.0]


def test_the_program_does_not_change_it() -> None:
    with pytest.raises(UnsupportedError, match="changes nothing outside"):
        ds.grad(stored_into, engine="python")(np.ones(3))
    assert TABLE.tolist() == [1.0, 2.0, 4.0]


def test_one_that_is_too_long_is_refused() -> None:
    with pytest.raises(UnsupportedError, match="257 numbers"):
        ds.grad(too_long, engine="python")(np.ones(3))
