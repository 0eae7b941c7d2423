"""Methods of dicts, lists and named tuples, and Python's functions on structures."""

import ast
import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import replace
from numbers import Number, Real
from types import FunctionType
from typing import Any

from downslope.errors import close_to
from downslope.ir.nodes import Lit
from downslope.read.classes import FUNCTIONS, attribute_of, is_generated
from downslope.read.constructing import Constructing
from downslope.read.frames import Frame, Known, Literal, Record, Thing, Value
from downslope.read.merging import leaves, with_leaves
from downslope.read.objects import as_value, key_of
from downslope.read.views import Lazy, View


class ContainerCalls(Constructing):
    """What the reader does with containers: each method is named after the holder and Python's method."""

    def keyed(self, base: Value, key: Value) -> tuple[Record, Any]:
        """What a dict holds, and a key that must be known."""
        held = self.objects.held(base)
        assert held is not None
        known = key_of(key)
        if known is None:
            raise self.unsupported(
                "a key that is not known when the program is read",
                "keys are constants.",
                "use text in quotes.",
            )
        return held, known

    def _dict_get(self, base: Value, key: Value, default: Value = Known(None)) -> Value:  # noqa: B008  # it is frozen
        held, known = self.keyed(base, key)
        found = held.find(known)
        return default if found is None else self.known(found)

    def _dict_items(self, base: Value) -> Value:
        held = self.objects.held(base)
        assert held is not None
        return tuple(
            (as_value(key), self.known(part)) for key, part in zip(held.keys, held.parts, strict=True)
        )

    def _dict_keys(self, base: Value) -> Value:
        return self.items_of(base)

    def _dict_values(self, base: Value) -> Value:
        held = self.objects.held(base)
        assert held is not None
        return held.parts

    def _dict_copy(self, base: Value) -> Value:
        held = self.objects.held(base)
        assert held is not None
        return self.objects.new(held, "copy")

    def _dict_update(self, base: Value, other: Value = (), **changes: Value) -> Value:
        held = self.objects.held(other)
        named = (
            dict(zip(held.keys, held.parts, strict=True))
            if held is not None and held.holder == "dict"
            else {}
        )
        for key, value in (named | changes).items():
            self.objects.put(base, key, value)  # type: ignore[arg-type]  # a dict
        return Known(None)

    def _dict_pop(self, base: Value, key: Value, default: "Value | None" = None) -> Value:
        held, known = self.keyed(base, key)
        found = held.find(known)
        if found is None and default is None:
            raise self.unsupported(
                f"there is no key {known!r}",
                "it cannot be taken out.",
                close_to(str(known), held.keys, "check it."),
            )
        if found is None:
            return default  # type: ignore[return-value]  # it is there
        left = {key: part for key, part in zip(held.keys, held.parts, strict=True) if key != known}
        self.objects.put_all(base, replace(held, keys=tuple(left), parts=tuple(left.values())))
        return self.known(found)

    def _list_append(self, base: Value, value: Value) -> Value:
        self.objects.extend(base, (self.settled(value, "item"),))
        return Known(None)

    def _list_extend(self, base: Value, values: Value) -> Value:
        self.objects.extend(base, self.items_of(values))
        return Known(None)

    def _list_copy(self, base: Value) -> Value:
        return self.objects.made("list", list, dict(enumerate(self.items_of(base))), "copy")

    def _list_pop(self, base: Value, index: Value = Lit(-1)) -> Value:  # noqa: B008  # it is frozen
        parts = list(self.items_of(base))
        place = self.constant(index)
        if place is None or not -len(parts) <= place < len(parts):
            raise self.unsupported(
                "pop() of a position that is not there or not known",
                "lists of objects have a known length.",
                "use a number.",
            )
        taken = parts.pop(place)
        self.objects.put_all(base, Record("list", list, tuple(range(len(parts))), tuple(parts)))
        return self.known(taken)

    def _named_replace(self, base: Value, **changes: Value) -> Value:
        held = self.objects.held(base)
        assert held is not None
        return self.changed(held, changes)

    def _named_asdict(self, base: Value) -> Value:
        held = self.objects.held(base)
        assert held is not None
        return self.objects.made("dict", dict, dict(zip(held.keys, held.parts, strict=True)), "asdict")

    def changed(self, held: Record, changes: Mapping[str, Value]) -> Record:
        """A record with some parts changed."""
        wrong = [name for name in changes if held.find(name) is None]
        if wrong:
            raise self.unsupported(
                f"{self.article(held)} has no {wrong[0]!r}", f"it has {', '.join(held.keys)}.",
                close_to(wrong[0], held.keys, "check the name."),
            )  # fmt: skip
        return replace(
            held, parts=tuple(changes.get(k, p) for k, p in zip(held.keys, held.parts, strict=True))
        )

    # ---- functions -----------------------------------------------------------------------------------

    def on_structures(self, target: object, node: ast.Call, frame: Frame) -> Value:
        """A call of one of Python's functions on structures."""
        name = FUNCTIONS[id(target)]
        args = [self.expression(argument, frame) for argument in node.args]
        keywords = {
            str(k.arg): self.settled(self.expression(k.value, frame), str(k.arg)) for k in node.keywords
        }
        run: Callable[..., Value] = getattr(self, f"_of_{name}")
        try:
            return run(*args, **keywords)
        except TypeError as error:
            raise self.unsupported(
                f"{ast.unparse(node)} with these arguments", "they do not fit.", "check them."
            ) from error

    def _of_isinstance(self, value: Value, classes: Value) -> Value:
        asked = [
            part.value
            for part in (classes if isinstance(classes, tuple) else (classes,))
            if isinstance(part, Known)
        ]
        given = tuple(kind for kind in asked if isinstance(kind, type))
        held = self.objects.held(value)
        if held is not None:
            return Lit(issubclass(held.cls, given))
        if isinstance(value, Known | View | Lazy):
            return Lit(
                isinstance(value.value, given)
                if isinstance(value, Known)
                else "ndarray" in {k.__name__ for k in given}
            )
        if {int, float} <= set(given) or {Number, Real} & set(given):
            return Lit(True)
        if {int, float} & set(given):
            raise self.unsupported(
                "isinstance() of a number", "whether it is whole depends on the run.", "ask for (int, float)."
            )
        return Lit(False)

    def _of_type(self, value: Value) -> Value:
        held = self.objects.held(value)
        if held is None:
            raise self.no_array("type() of a number")
        return Known(held.cls)

    def _of_dict(self, other: "Value | None" = None, **changes: Value) -> Value:
        held = self.objects.held(other) if other is not None else Record("dict", dict, (), ())
        if held is None or held.holder != "dict":
            raise self.unfit(
                [other] if other is not None else [],
                "dict() of something other than a dict",
                "its keys are not known.",
                "write {…}.",
            )
        return self.objects.made(
            "dict", dict, dict(zip(held.keys, held.parts, strict=True)) | changes, "dict"
        )

    def _of_list(self, values: Value = ()) -> Value:
        known = self.objects.sequence(values)
        return self.lists.of(values, "list") if known is None else self.settled(Literal(known), "list")

    def _of_tuple(self, values: Value = ()) -> Value:
        return self.items_of(values)

    def _of_replace(self, value: Value, **changes: Value) -> Value:
        held = self.objects.held(value)
        if (
            held is None
            or not dataclasses.is_dataclass(held.cls)
            or not is_generated(attribute_of(held.cls, "__init__"))
        ):
            raise self.unfit(
                [value],
                "replace() of what is no plain dataclass",
                "it would run __init__.",
                "make a new one.",
            )
        new = self.objects.new(self.changed(held, changes), "replaced")
        after = attribute_of(held.cls, "__post_init__")
        if isinstance(after, FunctionType):
            self.objects.building = (*self.objects.building, new)
            self.invoked(after, [new], "__post_init__")
            self.objects.building = self.objects.building[:-1]
        return new if isinstance(value, Thing) else self.objects.held(new)  # type: ignore[return-value]  # it holds something

    def _of_asdict(self, value: Value) -> Value:
        return self.plain(value, "dict")

    def _of_astuple(self, value: Value) -> Value:
        return self.plain(value, "tuple")

    def plain(self, value: Value, holder: str) -> Value:
        """A structure with dataclasses as dicts or tuples, copied all through."""
        held = self.objects.held(value)
        if held is None:
            return self._of_deepcopy(value)
        parts = {key: self.plain(part, holder) for key, part in zip(held.keys, held.parts, strict=True)}
        if held.holder != "object":
            return self.objects.made(held.holder, held.cls, parts, "copy")
        names = [field.name for field in dataclasses.fields(held.cls)]
        if holder == "tuple":
            return tuple(parts[name] for name in names)
        return self.objects.made("dict", dict, {name: parts[name] for name in names}, "asdict")

    def _of_copy(self, value: Value) -> Value:
        if isinstance(value, View | Lazy):
            return self.array_calls.made(value, None, "copy")
        held = self.objects.held(value)
        return self.objects.new(held, value.label) if isinstance(value, Thing) and held is not None else value

    def _of_deepcopy(self, value: Value) -> Value:
        done: dict[View, Value] = {}

        def copied(part: Value) -> Value:
            new = []
            for leaf in leaves(part):
                if isinstance(leaf, View):
                    done[leaf] = done.get(leaf) or self.array_calls.made(leaf, None, "copy")
                    leaf = done[leaf]  # the copy takes its place
                new.append(leaf)
            return with_leaves(part, iter(new))

        before = set(self.objects.state)
        again = copied(self.objects.again(value, "copy", self.objects.scope()))
        for thing in [thing for thing in self.objects.state if thing not in before]:
            self.objects.state[thing] = copied(self.objects.state[thing])  # type: ignore[assignment]  # a record again
        return again

    def _of_setattr(self, value: Value, name: Value, new: Value) -> Value:
        key = key_of(name)
        if not isinstance(value, Thing) or not isinstance(key, str) or value not in self.objects.building:
            raise self.unsupported(
                "object.__setattr__ on an object that is complete",
                "a frozen object is set up in __init__ and __post_init__, and does not change.",
                "make a new object.",
            )
        self.objects.put(value, key, self.settled(new, key))
        return Known(None)
