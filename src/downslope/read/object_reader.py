"""The part of the reader for structures: attributes, keys, positions, operators, and what a loop goes over."""

import ast
from collections.abc import Sequence
from functools import cached_property
from types import FunctionType
from typing import Any

from downslope.errors import UnsupportedError
from downslope.ir.nodes import Arg, Lit
from downslope.ir.structure import Fixed, Leaf, Shape, is_frozen, shape_of, step
from downslope.read.array_reader import Passes
from downslope.read.classes import (
    BINARY,
    IN_PLACE,
    MISSING,
    UNARY,
    attribute_of,
    close_to,
    is_generated,
    is_lasting,
    is_readable,
    method_of,
)
from downslope.read.containers import ContainerCalls
from downslope.read.frames import Frame, Known, Literal, Record, Thing, Value
from downslope.read.objects import key_of
from downslope.read.resolve import is_array, number
from downslope.read.unrolling import Unroll
from downslope.read.views import Lazy, Listed, View

COMPARED = {
    "less": int.__lt__, "less_equal": int.__le__, "greater": int.__gt__, "greater_equal": int.__ge__,
    "equal": int.__eq__, "not_equal": int.__ne__,
}  # fmt: skip


class ObjectReader(ContainerCalls):
    """What the reader does with structures; calls of methods and classes are in `MethodCalls` and `ContainerCalls`."""

    # ---- attributes ------------------------------------------------------------------------------

    def member(self, base: Value, node: ast.Attribute, frame: Frame) -> Value:
        """`base.name`: a property, what the object holds, or a constant of its class."""
        self.place, place = frame.source.loc(node), self.place
        try:
            return self.attribute_in(base, node.attr, ast.unparse(node))
        finally:
            self.place = place

    def attribute_in(self, base: Value, name: str, shown: str) -> Value:
        """An attribute of a structure."""
        if isinstance(base, Known):
            return self.of_class(base, name, shown)
        held = self.objects.held(base)
        if held is None:
            raise self.no_array(f"{shown}: a number has no such attribute")
        if name == "__class__":
            return Known(held.cls)
        said = attribute_of(held.cls, name)
        found = held.find(name) if held.holder in ("named", "object") else None
        if isinstance(said, property) and isinstance(said.fget, FunctionType):
            return self.invoked(said.fget, [base], shown)
        if found is not None:
            return self.known(found)
        if isinstance(said, cached_property) and is_frozen(held.cls):
            return self.invoked(said.func, [base], shown)  # type: ignore[arg-type]  # a function
        if said is not MISSING and held.holder in ("named", "object"):
            return self.constant_value(said, shown)
        raise self.unsupported(
            f"{shown}: {self.article(held)} has no attribute {name!r}",
            f"it holds {', '.join(map(str, held.keys)) or 'nothing'}.",
            f"write {step('dict', name)}."
            if held.holder == "dict" and held.find(name) is not None
            else close_to(name, held.keys, "check the name."),
        )

    def of_class(self, base: Known, name: str, shown: str) -> Value:
        """A constant of a class."""
        said = attribute_of(base.value, name) if isinstance(base.value, type) else MISSING
        if said is MISSING:
            raise self.unsupported(
                f"the attribute {name!r} of {base.value!r}", "it is not read.", "use a variable."
            )
        return self.constant_value(said, shown)

    def constant_value(self, value: Any, shown: str) -> Value:
        """A value from outside the program: a number, text, or a structure of them that cannot change."""
        known = number(value)
        if known is not None:
            return Lit(known)
        if is_readable(value) or value is NotImplemented:
            return Known(value)
        shape = shape_of(value, shown)
        if isinstance(shape, Leaf) or not is_lasting(shape):
            what = "an array" if is_array(value) else f"a {type(value).__name__}"
            raise self.unsupported(
                f"{shown} is {what}",
                "what can change between two calls is not read into a program.",
                "pass it as an argument, or make it a tuple or a frozen object of numbers.",
            )
        return self.lifted(shape, value, shown)

    def lifted(self, shape: Shape, value: Any, shown: str) -> Value:
        """A constant structure as a value of the program."""
        if isinstance(shape, Fixed):
            return Known(shape.value)
        if isinstance(shape, Leaf):
            return self.constant_value(value, shown)
        parts = dict(zip(shape.keys, shape.parts, strict=True))
        held = {
            key: self.lifted(
                part, value[i] if shape.holder in ("tuple", "named") else getattr(value, key), shown
            )
            for i, (key, part) in enumerate(parts.items())
        }
        return self.objects.made(shape.holder, shape.cls, held, shown)

    def put_attribute(self, target: ast.Attribute, base: Value, value: Value, frame: Frame) -> None:
        """`base.name = value`."""
        self.place = frame.source.loc(target)
        held = self.objects.held(base)
        shown, name = ast.unparse(target), target.attr
        if held is None:
            raise self.no_array(f"{shown} = …: a number has no attributes")
        said = attribute_of(held.cls, name)
        if isinstance(said, property):
            if not isinstance(said.fset, FunctionType):
                raise self.unsupported(
                    f"{shown} is a property without a setter", "it cannot be set.", "set another."
                )
            self.invoked(said.fset, [base, value], shown)
            return
        if not isinstance(base, Thing) or is_frozen(held.cls) or held.holder != "object":
            raise self.unsupported(
                f"{shown} = …: {self.article(held)} does not change",
                "its class says so: it is frozen, or a tuple."
                if held.holder != "dict"
                else "a dict has keys.",
                "make a new one: dataclasses.replace(…), or ._replace(…)."
                if held.holder != "dict"
                else f"write {step('dict', name)}.",
            )
        if held.find(name) is None and base not in self.objects.building:
            raise self.unsupported(
                f"{shown} = …: {self.article(held)} has no attribute {name!r}",
                f"it holds {', '.join(held.keys)}, and a structure must stay what it is.",
                close_to(name, held.keys, "set it in __init__."),
            )
        self.objects.put(base, name, self.settled(value, name))

    def article(self, held: Record) -> str:
        """What to call a structure in a message."""
        name = held.cls.__name__
        return f"{'an' if name[:1].lower() in 'aeiou' else 'a'} {name}"

    # ---- keys and positions ----------------------------------------------------------------------

    def part_of(self, base: Value, node: ast.Subscript, frame: Frame) -> Value:
        """`base[index]` of a structure, at a key or position that is known now."""
        held = self.objects.held(base)
        assert held is not None
        if held.holder == "object":
            method = method_of(held.cls, "__getitem__")
            if method is None:
                raise self.unsupported(
                    f"{ast.unparse(node)}: {self.article(held)} has no elements",
                    "its class has no __getitem__.",
                    "use an attribute.",
                )
            return self.invoked(method, [base, self.expression(node.slice, frame)], ast.unparse(node))
        if isinstance(node.slice, ast.Slice):
            return self.sliced(held, node, node.slice, frame)
        key = self.key(held, node, frame)
        found = held.find(key)
        assert found is not None
        return self.known(found)

    def key(self, held: Record, node: ast.Subscript, frame: Frame) -> Any:
        """The key that a subscript of a structure means."""
        value = self.expression(node.slice, frame)
        if held.holder == "dict":
            return self.key_in(held, value, node)
        size = len(held.parts)
        place = self.position(
            value,
            size,
            self.unsupported(
                f"{ast.unparse(node)} of {self.article(held)} of {size}",
                "its index must be a number that is known when the program is read, within its length.",
                "unpack it, loop over it, or use an array.",
            ),
        )
        return held.keys[place]

    def key_in(self, held: Record, value: Value, node: ast.Subscript) -> Any:
        """A key of a dict."""
        key = self.known_key(
            value,
            self.unsupported(
                f"{ast.unparse(node)}: the key is not known when the program is read",
                "keys are constants, since what is held under each is a variable of its own.",
                "use text in quotes, or an array and a whole-number index.",
            ),
        )
        if held.find(key) is None:
            raise self.unsupported(
                f"{ast.unparse(node)}: there is no key {key!r}",
                f"the keys are {', '.join(map(repr, held.keys)) or 'none'}.",
                close_to(str(key), held.keys, "check the key."),
            )
        return key

    def known_key(self, value: Value, error: UnsupportedError) -> Any:
        """The constant that a value is; the error where it is none, unless reading a loop pass by pass helps."""
        known = self.constant(value)
        key = key_of(value) if known is None else known
        if key is None:
            around = self.factors(value) & set(self.indices)
            raise Unroll(frozenset(around), error) if around else error
        return key

    def sliced(self, held: Record, node: ast.Subscript, bounds: ast.Slice, frame: Frame) -> Value:
        """A slice of a tuple or list, with bounds that are known now."""
        found: list[int | None] = []
        for bound in (bounds.lower, bounds.upper, bounds.step):
            known = self.constant(self.expression(bound, frame)) if bound is not None else None
            if (bound is not None and known is None) or held.holder == "dict":
                raise self.unsupported(
                    f"{ast.unparse(node)} of {self.article(held)}",
                    "the bounds of its slice must be known when the program is read.",
                    "use numbers, or an array.",
                )
            found.append(known)
        parts = held.parts[slice(*found)]
        if held.holder == "list":
            return self.objects.made("list", list, dict(enumerate(parts)), "part")
        return parts

    def put_item(self, target: ast.Subscript, base: Value, value: Value, frame: Frame) -> None:
        """`base[key] = value` of a structure."""
        self.place = frame.source.loc(target)
        held = self.objects.held(base)
        assert held is not None
        method = method_of(held.cls, "__setitem__") if held.holder == "object" else None
        if method is not None:
            self.invoked(method, [base, self.expression(target.slice, frame), value], ast.unparse(target))
            return
        if not isinstance(base, Thing) or held.holder == "object":
            raise self.unsupported(
                f"{ast.unparse(target)} = …: {self.article(held)} has no elements that change",
                "only those of dicts, lists and arrays do.",
                "make a new one.",
            )
        if held.holder == "dict":
            where = self.expression(target.slice, frame)
            key = self.known_key(
                where,
                self.unsupported(
                    f"{ast.unparse(target)} = …: the key is not known when the program is read",
                    "keys are constants, since what is held under each is a variable of its own.",
                    "use text in quotes, or an array and a whole-number index.",
                ),
            )
        else:
            key = self.key(held, target, frame)
        self.objects.put(base, key, self.settled(value, "t"))

    def display(self, node: ast.expr, frame: Frame) -> Value:
        """`{...}`, and texts with values in them."""
        match node:
            case ast.Dict(keys=keys, values=values):
                held: dict[Any, Value] = {}
                for key, value in zip(keys, values, strict=True):
                    held |= self.entry(key, value, frame)
                return self.objects.made("dict", dict, held, "dict")
            case ast.JoinedStr(values=pieces):
                return Known("".join(self.piece(piece, node, frame) for piece in pieces))
        raise AssertionError("the caller names the displays")

    def list_of(self, values: Sequence[Value], hint: str) -> Value:
        """A list of other values than numbers, of a length that is known now."""
        parts = [self.settled(value, hint) for value in values]
        return self.objects.made("list", list, dict(enumerate(parts)), hint)

    def entry(self, key: ast.expr | None, value: ast.expr, frame: Frame) -> dict[Any, Value]:
        """An entry of a dict display, or all those of another dict."""
        found = self.settled(self.expression(value, frame), "item")
        if key is None:
            held = self.objects.held(found)
            if held is None or held.holder != "dict":
                raise self.unsupported(
                    f"**{ast.unparse(value)} of something other than a dict",
                    "its keys are not known.",
                    "write them out.",
                )
            return dict(zip(held.keys, held.parts, strict=True))
        known = key_of(self.expression(key, frame))
        if known is None:
            self.place = frame.source.loc(key)
            raise self.unsupported(
                f"the key {ast.unparse(key)} is not known when the program is read",
                "keys are constants.",
                "use text in quotes.",
            )
        return {known: found}

    def piece(self, node: ast.expr, whole: ast.expr, frame: Frame) -> str:
        """A part of a text with values in it."""
        if isinstance(node, ast.Constant):
            return str(node.value)
        assert isinstance(node, ast.FormattedValue)
        error = UnsupportedError(
            f"{ast.unparse(whole)} is not known when the program is read",
            loc=frame.source.loc(whole),
            why="text is read only where it is a constant, such as a key.",
            fix="leave it out, or use text and whole numbers that are known.",
        )
        if node.conversion != -1 or node.format_spec is not None:
            raise error
        return str(self.known_key(self.expression(node.value, frame), error))

    # ---- operators ---------------------------------------------------------------------------------

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

    def contains(self, value: Value, base: Value, shown: str) -> Arg:
        """`value in base`: of keys, or of constants."""
        held = self.objects.held(base)
        known = self.objects.sequence(base) if held is not None else None
        key = key_of(value)
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

    # ---- iteration -----------------------------------------------------------------------------------

    def items_of(self, value: Value) -> tuple[Value, ...]:
        """The elements of a tuple or list, or the keys of a dict."""
        found = self.objects.sequence(value)
        if found is None:
            raise self.unfit(
                [value],
                "a value where a tuple or list is needed",
                "it has no known elements.",
                "use a tuple.",
            )
        return found

    def spread(self, value: Value) -> Value:
        """A list or named tuple as a tuple of its elements; any other value as it is."""
        held = self.objects.held(value)
        if held is None or held.holder not in ("list", "named"):
            return value
        return tuple(self.spread(part) for part in held.parts)

    def passes_over(self, value: Value) -> Passes | None:
        """The passes of a loop over a structure; None for other values."""
        found = self.objects.sequence(value)
        if found is None:
            held = self.objects.held(value)
            if held is not None:
                raise self.unsupported(
                    f"a loop over {self.article(held)}",
                    "iterators are not read.",
                    "loop over a tuple or list of it.",
                )
            return None

        def at(k: int) -> Value:
            now = self.objects.sequence(value)  # a list may have changed in the pass before
            assert now is not None
            return self.known(now[k])

        items = [lambda k=k: at(k) for k in range(len(found))]
        return Passes(Lit(0), Lit(len(found)), Lit(1), _by_index, items=items)

    def length(self, value: Value) -> Arg:
        """`len(value)`."""
        held = self.objects.held(value)
        if held is None:
            return super().length(value)
        if held.holder == "object":
            method = method_of(held.cls, "__len__")
            if method is not None:
                return self.argument(self.invoked(method, [value], f"{held.cls.__name__}.__len__"))
            raise self.unsupported(
                f"len() of {self.article(held)}", "its class has no __len__.", "use a tuple or list."
            )
        return Lit(len(held.parts))


def _by_index(index: Arg) -> Value:
    """What is known now is never asked for by an index of the run."""
    raise AssertionError(index)


def _of_numbers(value: Literal) -> bool:
    """Whether a list as it is written holds numbers alone."""
    return all(isinstance(part, str | Lit) for part in value)


def _compares_fields(cls: type) -> bool:
    """Whether objects are equal where their fields are: dataclasses that do not say otherwise."""
    method = attribute_of(cls, "__eq__")
    return isinstance(method, FunctionType) and is_generated(method)
