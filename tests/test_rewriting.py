"""What the reader rewrites: what stays refused, and that constants inside keep their places."""

import math
from typing import Any

import pytest

import downslope as ds
from downslope.errors import UnsupportedError

# mypy: disable-error-code="no-any-return"


def assigned_in_one_branch(x: float) -> float:
    return x if x < 0 else (y := x * x) * y


def read_before_it_is_assigned(x: float) -> float:
    y = x
    return y + (y := x * x)


def taken_out_before_it_is_read(x: float) -> float:
    s = [x, x * x]
    return s[0] * s[-1] + (y := s.pop()) * y


def assigned_in_a_comprehension(x: float) -> float:
    return sum([y for k in range(3) if (y := x * k) > 1])


def matched_by_class(x: float) -> float:
    match x:
        case float():
            return x
        case _:
            return -x


def guarded_after_names(x: float, n: int = 3) -> float:
    match (n, x):
        case (3, y) if y > 0:
            return y
    return x


def mapped_for_later(x: float) -> float:
    once = map(math.sin, [x, x])
    return sum(once) + sum(once)


def raised_in_errstate(x: float) -> float:
    import numpy as np

    with np.errstate(all="raise"):
        return x


def least_by_key(x: float) -> float:
    return min([x, -x], key=abs)


@pytest.mark.parametrize(
    "program",
    [
        assigned_in_one_branch, read_before_it_is_assigned, taken_out_before_it_is_read, assigned_in_a_comprehension,
        matched_by_class, guarded_after_names, mapped_for_later, raised_in_errstate, least_by_key,
    ],
)  # fmt: skip
def test_what_is_not_surely_the_same_is_refused_at_its_place(program: Any) -> None:
    with pytest.raises(UnsupportedError) as caught:
        ds.grad(program, "x", engine="python")(1.5)
    first = caught.value.problems[0]
    assert first.loc is not None
    assert first.loc.line > program.__code__.co_firstlineno
    assert first.why
    assert first.fix


def test_a_formula_of_a_list_is_refused_at_its_place() -> None:
    def spread(x: float) -> float:
        s = [x, 2.0 * x]
        s.append(x * s[1])
        return s[0] * s[2]

    found = ds.check(spread, 1.2, engine="python")
    assert found.agree
    assert "formal" in found.refused


def with_constants(x: float, k: float = 2.0) -> float:
    scale = lambda v: 3.5 * v  # noqa: E731
    if (y := scale(x) * k) > 0.25:
        return y
    match x:
        case y:
            return 7.5 * y


def test_constants_in_what_is_rewritten_are_found_once_and_learnt() -> None:
    found = {c.value for c in ds.constants(with_constants)}
    assert found == {2.0, 3.5, 0.25, 7.5}
    assert len(ds.constants(with_constants)) == 4
    name = next(c.name for c in ds.constants(with_constants) if c.value == 3.5)
    assert ds.grad(with_constants, name, engine="python")(1.5) == 3.0
