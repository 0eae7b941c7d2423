"""What refusals of programs have in common."""

from collections.abc import Callable
from typing import Any

import pytest

import downslope as ds
from downslope.errors import UnsupportedError


def refused_at_its_line(program: Callable[..., Any], said: str) -> None:
    """Fail unless the gradient is refused with these words, a place, a reason and a way out."""
    with pytest.raises(UnsupportedError, match=said) as caught:
        ds.grad(program, engine="python")(0.7)
    assert all(problem.loc and problem.why and problem.fix for problem in caught.value.problems)
