"""Options and results by the name of a structure: what is said of `weights` holds for each number in it."""

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from downslope.errors import UsageError
from downslope.read.constants import Constant
from downslope.read.element_names import below, canonical
from downslope.read.elements import elements, with_values
from downslope.read.resolve import number
from downslope.read.wholes import is_whole

Values: TypeAlias = Mapping[str, Any]
"""A number by name; for a structure, one for all numbers in it, or a structure like it."""
Pair: TypeAlias = tuple[float | None, float | None]
Bounds: TypeAlias = Mapping[str, Pair | Sequence[Pair]]
"""A low and a high number by name, None for no bound; for a structure, one pair or a list with one for each."""
PriorsByName: TypeAlias = Mapping[str, tuple[float, float] | Sequence[tuple[float, float]]]
"""A mean and a standard deviation by name; for a structure likewise."""


def values_of(names: Sequence[str], given: Mapping[str, Any]) -> dict[str, Any]:
    """Values by the names of numbers: that of a structure is one for all, or a structure like it.

    Raises `UsageError` for a structure with other numbers.

    >>> values_of(["w[0]", "w[1]", "v"], {"w": [1.0, 2.0], "v": 3.0})
    {'w[0]': 1.0, 'w[1]': 2.0, 'v': 3.0}
    """
    found: dict[str, Any] = {}
    for name, value in _ordered(names, given):
        parts = below(name, names)
        if name in names or not parts:
            found[name] = value
        elif number(value) is not None:
            found.update(dict.fromkeys(parts, value))
        else:
            found.update(_each(name, parts, value))
    return found


def pairs_of(names: Sequence[str], given: Mapping[str, Any]) -> dict[str, Any]:
    """Pairs by the names of numbers: that of a structure is one pair for all, or a list with one for each.

    >>> pairs_of(["w[0]", "w[1]"], {"w": (0.0, None)})
    {'w[0]': (0.0, None), 'w[1]': (0.0, None)}
    """
    found: dict[str, Any] = {}
    for name, pair in _ordered(names, given):
        parts = below(name, names)
        if name in names or not parts:
            found[name] = pair
        elif _is_pair(pair):
            found.update(dict.fromkeys(parts, pair))
        else:
            found.update(zip(parts, _as_many(name, parts, pair), strict=True))
    return found


def bounds_of(names: Sequence[str], given: Mapping[str, Any]) -> dict[str, Any]:
    """Bounds by the names of numbers, where None is no bound.

    >>> bounds_of(["w[0]", "w[1]"], {"w": (0.0, None)})
    {'w[0]': (0.0, inf), 'w[1]': (0.0, inf)}
    """
    return {name: _open(pair) for name, pair in pairs_of(names, given).items()}


def _ordered(names: Sequence[str], given: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """What is given, structures first, so that what is said of a number in one counts."""
    named = [(canonical(name), value) for name, value in given.items()]
    return sorted(named, key=lambda item: (item[0] in names, len(item[0])))


def _open(pair: Any) -> Any:
    if not _is_pair(pair):
        return pair
    low, high = pair
    return (float("-inf") if low is None else low, float("inf") if high is None else high)


def _is_pair(pair: Any) -> bool:
    return (
        isinstance(pair, Sequence)
        and len(pair) == 2
        and all(each is None or number(each) is not None for each in pair)
    )


def _as_many(name: str, parts: Sequence[str], given: Any) -> Sequence[Any]:
    if isinstance(given, Sequence) and not isinstance(given, str) and len(given) == len(parts):
        return given
    raise UsageError(
        f"{given!r} does not fit {name}",
        why=f"it has {len(parts)} numbers that are learnt: {', '.join(parts)}.",
        fix="give one pair for all, a list with one for each, or name them one by one.",
    )


def _each(name: str, parts: Sequence[str], value: Any) -> dict[str, float | int]:
    """The numbers in a structure like the one of this name."""
    held = {name + each.suffix: each.value for each in elements(value)} if is_whole(value) else {}
    if set(held) != set(parts):
        raise UsageError(
            f"{value!r} does not fit {name}",
            why=f"the numbers in it that are learnt are {', '.join(parts)}.",
            fix="give one number for all, or a structure with as many numbers.",
        )
    return held


def restored(chosen: Sequence[Constant], values: Sequence[float]) -> dict[str, Any]:
    """Learnt values by name, those in structures put into copies of these. No `__init__` runs."""
    found: dict[str, Any] = {}
    for constant, value in zip(chosen, values, strict=True):
        if constant.part is None:
            found[constant.name] = value
            continue
        name = constant.name[: len(constant.name) - len(constant.part.suffix)]
        found.setdefault(name, constant.part.whole.value)
        found[name] = with_values(found[name], {constant.part.path: value})
    return found
