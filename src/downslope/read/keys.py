"""Keys and positions of structures, dicts and lists as they are written, and texts for keys."""

import ast
from collections.abc import Sequence
from typing import Any

from downslope.errors import UnsupportedError, close_to
from downslope.read.attributes import AttributeReader
from downslope.read.classes import (
    method_of,
)
from downslope.read.frames import Frame, Known, Record, Thing, Value
from downslope.read.objects import key_of
from downslope.read.unrolling import Unroll


class KeyReader(AttributeReader):
    """What the reader does with keys and positions."""

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
