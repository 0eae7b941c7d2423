"""Which function of the reader stands for which function or method of NumPy."""

from collections.abc import Mapping, Sequence

from downslope.ir.types import Type
from downslope.read import array_copies, places, rearranging, statistics
from downslope.read.array_calls import ArrayCalls
from downslope.read.array_names import ACCUMULATE, AT, REDUCE
from downslope.read.frames import Value
from downslope.read.signatures import Entry, bound
from downslope.read.views import Word

FUNCTIONS: Mapping[str, Entry] = {
    **rearranging.FUNCTIONS,
    **array_copies.FUNCTIONS,
    **places.FUNCTIONS,
    **statistics.FUNCTIONS,
}
METHODS: Mapping[str, Entry] = {
    **FUNCTIONS,
    **rearranging.METHODS,
    **places.METHODS,
    **statistics.METHODS,
}


def called(
    calls: ArrayCalls,
    name: str,
    args: Sequence[Value],
    keywords: Mapping[str, Value],
    dtype: Type | None,
    hint: str,
    method: bool = False,
) -> Value:
    """What a call of a NumPy function gives. Raises `UnsupportedError` where its arguments are not read."""
    calls.of_numbers(args)
    op, _, of_ufunc = name.partition(".")
    if of_ufunc == AT and not keywords:
        return places.at(calls, op, args)
    if of_ufunc == REDUCE:
        return statistics.reduce(calls, op, args, keywords)
    if of_ufunc == ACCUMULATE:
        return statistics.accumulate(calls, op, args, keywords)
    entry = (METHODS if method else FUNCTIONS).get(name)
    if entry is None:
        return calls.call(name, args, keywords, dtype, hint)
    given = dict(keywords) | ({} if dtype is None else {"dtype": Word(dtype)})
    values = bound(entry.signature, args, given)
    if values is None:
        return calls.refused(f"numpy.{name} with these arguments")
    return entry.run(calls, *values)
