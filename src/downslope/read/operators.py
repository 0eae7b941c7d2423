"""Operators on structures: methods of their classes, comparisons of what they hold, and joining."""

import ast
from collections.abc import Callable, Sequence
from types import FunctionType

from downslope.ir.nodes import Arg, Lit
from downslope.read.classes import (
    BINARY,
    IN_PLACE,
    UNARY,
    attribute_of,
    is_generated,
    method_of,
)
from downslope.read.frames import Frame, Known, Literal, Record, Thing, Value
from downslope.read.keys import KeyReader
from downslope.read.objects import key_of
from downslope.read.views import Lazy, Listed, View

COMPARED = {
    "less": int.__lt__, "less_equal": int.__le__, "greater": int.__gt__, "greater_equal": int.__ge__,
    "equal": int.__eq__, "not_equal": int.__ne__,
}  # fmt: skip


class OperatorReader(KeyReader):
    """What the reader does with operators."""

    def apply(self, op: str, values: Sequence[Value], hint: str = "t") -> Value:
        """An op on numbers, arrays, or objects whose class defines it."""
        values = [
            self.settled(v, hint) if isinstance(v, Literal) and not _of_numbers(v) else v for v in values
        ]
        lists = any(isinstance(value, Listed | Literal) for value in values)
        if any(isinstance(value, Record | Thing | Known) for value in values) or (
            not lists and any(isinstance(value, tuple) for value in values)
        ):
            return self.operated(op, values, hint)
        if op in COMPARED:
            known = [self.constant(value) for value in values]
            if None not in known:
                return Lit(COMPARED[op](*known))  # type: ignore[arg-type]  # whole numbers, all of them
        return super().apply(op, values, hint)

    def operated(self, op: str, values: Sequence[Value], hint: str) -> Value:
        """An op where at least one value is a structure or text."""
        found = self.dispatched(op, values)
        if found is not None:
            return found
        if op in ("equal", "not_equal") and len(values) == 2:
            same = self.equal(values[0], values[1])
            return same if op == "equal" else self.negated(same)
        if op in ("add", "multiply") and len(values) == 2:
            joined = self.end_to_end(op, values[0], values[1])
            if joined is not None:
                return joined
        if all(isinstance(self.spread(value), View | Lazy | tuple | str | Lit) for value in values) and any(
            isinstance(value, View | Lazy) for value in values
        ):
            return super().apply(op, [self.spread(value) for value in values], hint)
        odd = next(value for value in values if isinstance(value, Record | Thing | Known | tuple))
        held = self.objects.held(odd)
        what = (
            self.article(held)
            if held is not None
            else repr(odd.value)
            if isinstance(odd, Known)
            else "a function"
        )
        raise self.unfit(
            [] if isinstance(odd, Known) else values,
            f"{op} of {what}",
            "its class defines no such operator." if held is not None else "a program computes with numbers.",
            "compute with the numbers that it holds." if held is not None else "use a number.",
        )

    def dispatched(self, op: str, values: Sequence[Value]) -> "Value | None":
        """What the method of a class for an operator gives; None where no class has one."""
        for value, name, others in self.candidates(op, values):
            held = self.objects.held(value)
            method = method_of(held.cls, name) if held is not None else None
            if method is None or held is None:
                continue
            if any(isinstance(other, View | Lazy) for other in others) and value is not values[0]:
                continue  # NumPy would take the object for a number
            result = self.invoked(method, [value, *others], f"{held.cls.__name__}.{name}")
            if result != Known(NotImplemented):
                return result
        if op == "not_equal":
            same = self.dispatched("equal", values)
            return None if same is None else self.negated(self.truth(same))
        return None

    def candidates(self, op: str, values: Sequence[Value]) -> list[tuple[Value, str, list[Value]]]:
        """The values whose class may define an op, the method's name, and the other value, in Python's order."""
        if len(values) == 1:
            return [(values[0], UNARY[op], [])] if op in UNARY else []
        if op not in BINARY or len(values) != 2:
            return []
        (left, right), (name, reflected) = values, BINARY[op]
        both: list[tuple[Value, str, list[Value]]] = [(left, name, [right]), (right, reflected, [left])]
        one, other = self.objects.held(left), self.objects.held(right)
        narrower = one is not None and other is not None and other.cls is not one.cls
        return both[::-1] if narrower and issubclass(other.cls, one.cls) else both  # type: ignore[union-attr]  # both are there

    def end_to_end(self, op: str, left: Value, right: Value) -> "Value | None":
        """Tuples and lists one after the other, or several times; None for other values."""
        one, other = self.objects.held(left), self.objects.held(right)
        if op == "multiply":
            times = self.constant(right if one is not None else left)
            base = one if one is not None else other
            if base is None or times is None or base.holder not in ("tuple", "list"):
                return None
            parts = base.parts * times
        elif one is None or other is None or one.holder not in ("tuple", "list", "named"):
            return None
        else:
            base, parts = one, (*one.parts, *other.parts)
            if (one.holder == "list") != (other.holder == "list") or other.holder in ("dict", "object"):
                return None
        if base.holder != "list":
            return parts
        return self.objects.made("list", list, dict(enumerate(parts)), "joined")

    def equal(self, left: Value, right: Value) -> Arg:
        """Whether two values are equal: all that they hold."""
        if isinstance(left, Known) or isinstance(right, Known):
            return Lit(isinstance(left, Known) and isinstance(right, Known) and left.value == right.value)
        one, other = self.objects.held(left), self.objects.held(right)
        if one is None or other is None:
            if one is None and other is None:
                return self.argument(self.apply("equal", [left, right]))
            return Lit(False)
        by_parts = one.holder != "object" or _compares_fields(one.cls)
        if not by_parts or (one.holder == "object" and one.cls is not other.cls):
            raise self.unsupported(
                f"a comparison of {self.article(one)}",
                "its class does not compare what it holds.",
                "compare attributes.",
            )
        if one.holder == "dict" or len(one.parts) != len(other.parts):
            raise self.unsupported(
                "a comparison of structures", "they have different keys.", "compare their parts."
            )
        total: Arg = Lit(True)
        for a, b in zip(one.parts, other.parts, strict=True):
            same = self.equal(a, b)
            if total == Lit(True) or same == Lit(False):
                total = same
            elif same != Lit(True) and total != Lit(False):
                total = self.row("logical_and", [total, same])
        return total

    def in_place(self, old: Value, op: str, node: ast.expr, frame: Frame) -> Value:
        """`old op= value` of a structure or number: what the name refers to afterwards."""
        right = self.expression(node, frame)
        held = self.objects.held(old)
        method = method_of(held.cls, IN_PLACE[op]) if held is not None and op in IN_PLACE else None
        if method is not None:
            return self.invoked(method, [old, right], f"{held.cls.__name__}.{IN_PLACE[op]}")  # type: ignore[union-attr]  # it has one
        if isinstance(old, Thing) and held is not None and held.holder == "list":
            self.objects.extend(old, self.items_of(right))
            return old
        return self.apply(op, [old, right])

    def listed(self, node: ast.Call, value_of: Callable[[ast.expr], Value]) -> list[Value]:
        """The positional arguments of a call; `*t` gives those of a tuple or a list whose length is known."""
        values: list[Value] = []
        for argument in node.args:
            if not isinstance(argument, ast.Starred):
                values.append(value_of(argument))
                continue
            parts = self.objects.sequence(found := value_of(argument.value))
            parts = found if parts is None and isinstance(found, tuple) else parts
            if parts is None:
                raise self.unfit(
                    [found], f"{ast.unparse(argument)} in a call", "how many arguments it gives is not known.",
                    "pass each argument by itself.",
                )  # fmt: skip
            values.extend(parts)
        return values

    def equal_to_one(self, value: Value, others: Sequence[Value]) -> Arg:
        """`value == a or value == b ...` of numbers."""
        found = [self.argument(self.apply("equal", [value, one])) for one in others]
        holds = found[0]
        for other in found[1:]:
            holds = self.row("logical_or", [holds, other])
        return holds

    def contains(self, value: Value, base: Value, shown: str) -> Arg:
        """`value in base`: of keys, or of constants."""
        held = self.objects.held(base)
        known = self.objects.sequence(base) if held is not None else None
        key = key_of(value)
        if known is not None and key is None and _among_numbers(value, known):
            return self.equal_to_one(value, known)
        if known is None or (key is None and value != Known(None)):
            raise self.unfit(
                [base],
                f"{shown}: what is looked for, or where, is not known when the program is read",
                "`in` is read for constant keys of dicts, and constants in tuples and lists.",
                "compare with == or spell the cases out.",
            )
        others = [key_of(one) for one in known]
        if None in others and key not in others:
            raise self.unsupported(
                f"{shown}: not all values are constants", "`in` needs constants.", "use ==."
            )
        return Lit(key in others)


def _among_numbers(value: Value, others: Sequence[Value]) -> bool:
    """Whether a number that is computed is looked for among numbers, and is none of them itself."""
    plain = isinstance(value, str) and bool(others) and all(isinstance(one, str | Lit) for one in others)
    return plain and value not in others


def _of_numbers(value: Literal) -> bool:
    """Whether a list as it is written holds numbers alone."""
    return all(isinstance(part, str | Lit) for part in value)


def _compares_fields(cls: type) -> bool:
    """Whether objects are equal where their fields are: dataclasses that do not say otherwise."""
    method = attribute_of(cls, "__eq__")
    return isinstance(method, FunctionType) and is_generated(method)
