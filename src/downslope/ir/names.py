"""Fresh names for values: the user's own name first, then with a number."""

import keyword
import re


class Names:
    """Hands out names that are used nowhere else, close to what the user wrote.

    >>> names = Names()
    >>> names.fresh("v"), names.fresh("v"), names.fresh("lambda")
    ('v', 'v_1', 'lambda_')
    """

    def __init__(self, taken: frozenset[str] = frozenset()) -> None:
        self._taken = set(taken) | RESERVED
        self._counts: dict[str, int] = {}

    def fresh(self, hint: str) -> str:
        """A name not handed out before, based on `hint`."""
        base = re.sub(r"_\d+$", "", re.sub(r"\W+", "_", hint).strip("_")) or "t"
        base = f"{base}_" if keyword.iskeyword(base) else base
        name = base if base not in self._taken else ""
        while not name:
            self._counts[base] = self._counts.get(base, 0) + 1
            candidate = f"{base}_{self._counts[base]}"
            name = candidate if candidate not in self._taken else ""
        self._taken.add(name)
        return name

    def known(self) -> frozenset[str]:
        """Every name handed out so far."""
        return frozenset(self._taken)


RESERVED = frozenset(
    {"abs", "at", "bool", "float", "int", "len", "math", "max", "min", "np", "numba", "range", "round", "rows", "tape", "top",
     "runtime", "steps", "depth", "part", "recursive", "limit", "k", "grown", "longer", "summed", "whole_floor_divide", "whole_remainder", "True",
     "False",
     "None"}
)  # fmt: skip
"""Names that emitted code uses for itself."""
