"""The type of what an op gives, from the types of its arguments: bool, int or float."""

from collections.abc import Mapping, Sequence

from downslope.ir.types import Type

ORDER: Mapping[Type, int] = {"b": 0, "i": 1, "f": 2}
BOOLEAN = frozenset(
    "less less_equal greater greater_equal equal not_equal logical_and logical_or logical_not logical_xor both either"
    " to_bool isnan isinf isfinite signbit".split()
)
INTEGER = frozenset(
    "to_int floor_int ceil_int trunc_int round_int gcd range_length segment_passes snapshot_room snapshot_split".split()
)
BITWISE = frozenset({"bitwise_and", "bitwise_or", "bitwise_xor"})
SHIFTS = frozenset({"left_shift", "right_shift", "invert"})
CHOOSING = frozenset({"maximum", "minimum", "fmax", "fmin"})
ARITHMETIC = frozenset(
    {
        "add",
        "subtract",
        "multiply",
        "negative",
        "positive",
        "absolute",
        "remainder",
        "floor_divide",
        "power",
        "square",
    }
)


def joined(types: Sequence[Type | None]) -> Type:
    """The type that holds values of all these types; None is one that is not known or never set."""
    known = [t for t in types if t is not None]
    return max(known, key=lambda t: ORDER[t]) if known else "f"


def result_type(op: str, types: Sequence[Type | None], whole_exponent: bool = False) -> Type:
    """The type of `op` on arguments of these types; `whole_exponent` says that a power's is a literal >= 0.

    >>> result_type("add", ["i", "b"]), result_type("divide", ["i", "i"]), result_type("less", ["f", "f"])
    ('i', 'f', 'b')
    """
    if op in BOOLEAN:
        return "b"
    if op in INTEGER or op in SHIFTS:
        return "i"
    if op in BITWISE or op in CHOOSING:
        return joined(types)
    if op == "where":
        return joined(types[1:])
    if op == "power" and not whole_exponent:
        return "f"
    if op in ARITHMETIC:
        return "f" if joined(types) == "f" else "i"
    return "f"
