"""Arguments of a learner: checked, and brought into form."""

from collections.abc import Mapping, Sequence
from dataclasses import fields
from operator import itemgetter
from typing import Any

import numpy as np

from downslope.errors import UsageError, close_to
from downslope.learn.settings import Settings


def settings_of(options: Mapping[str, Any]) -> Settings:
    """Options by name as settings. Raises `UsageError` for one that is not known."""
    known = [each.name for each in fields(Settings)]
    for name in options:
        if name not in known:
            fix = close_to(name, known, "leave it out.")
            raise UsageError(
                f"a learner has no option {name!r}", why=f"there are {', '.join(known)}.", fix=fix
            )
    return Settings(**options)


def same_choice(what: str, ours: str, stored: str) -> None:
    """Raise `UsageError` unless a choice is that of the registry."""
    if ours != stored:
        raise UsageError(
            f"the {what} is {ours}, and that of the registry is {stored}",
            why="a registry belongs to one program, one target and one method.",
            fix=f"use {what} {stored}, or a new registry.",
        )


def columns_of(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Rows as columns: NumPy's where all values are numbers, lists (whose faults are named) elsewhere."""
    try:
        return {name: _column(list(map(itemgetter(name), rows))) for name in rows[0]}
    except KeyError:  # a row lacks a name: its place stays empty
        return {name: _column([row.get(name) for row in rows]) for name in rows[0]}


def _column(values: list[Any]) -> Any:
    try:
        array = np.array(values)
    except (ValueError, OverflowError):
        return values
    return array if array.ndim == 1 and array.dtype.kind in "bif" else values


def check_group(group: int) -> None:
    """Raise `UsageError` for a number of rows that is none."""
    if not isinstance(group, int) or group < 1:
        raise UsageError(f"group is {group!r}", why="it is a number of rows.", fix="use e.g. 10000.")
