"""Which functions of a program call themselves, and how long their expansion would be."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field

from downslope.errors import DownslopeError
from downslope.read.callables import is_helper, plain
from downslope.read.resolve import resolve, row_of
from downslope.read.scopes import bound_in, closures
from downslope.read.source import Source, read_source
from downslope.read.transforms import transform_of

LONGEST = 20_000
"""Syntax nodes of an expansion, beyond which a helper is called and not expanded."""

Defined = ast.FunctionDef | ast.Lambda


@dataclass
class CallGraph:
    """What helpers call, found once for each. Functions are told apart by identity, and kept."""

    _sources: dict[int, tuple[object, Source | None]] = field(default_factory=dict)
    _sizes: dict[int, int] = field(default_factory=dict)

    def calls_itself(self, target: object) -> bool:
        """Whether a helper may call itself, directly or through others."""
        first, todo, done = id(plain(target)), [target], set[int]()
        while todo:
            for inner in self._called(todo.pop()):
                if id(plain(inner)) == first:
                    return True
                if id(plain(inner)) not in done:
                    done.add(id(plain(inner)))
                    todo.append(inner)
        return False

    def too_long(self, target: object) -> bool:
        """Whether a helper with all that it calls is too long to be expanded."""
        return self._size(target) > LONGEST

    def nested_calls_itself(self, node: Defined, around: Defined) -> bool:
        """Whether a nested function may call itself; `around` is the function it is defined in."""
        return isinstance(node, ast.FunctionDef) and node.name in closures(around).get(node.name, ())

    def nested_too_long(self, node: Defined, around: Defined, source: Source) -> bool:
        """Whether a nested function with all that it calls is too long to be expanded."""
        inner = {n.name: n for n in ast.walk(around) if isinstance(n, ast.FunctionDef) and n is not around}
        return self._nested_size(node, inner, source, {}) > LONGEST

    # ---- sizes -----------------------------------------------------------------------------------

    def _size(self, target: object) -> int:
        key = id(plain(target))
        if key not in self._sizes:
            self._sizes[key] = 0  # for a call of itself, which is not expanded
            source = self._source(target)
            own = sum(1 for _ in ast.walk(source.node)) if source else 0
            self._sizes[key] = own + sum(map(self._size, self._called(target)))
        return self._sizes[key]

    def _nested_size(
        self, node: Defined, nested: dict[str, ast.FunctionDef], source: Source, known: dict[str, int]
    ) -> int:
        total = 0
        for child in ast.walk(node):
            total += 1
            if isinstance(child, ast.Call):
                name = child.func.id if isinstance(child.func, ast.Name) else ""
                if name in nested:
                    if name not in known:
                        known[name] = 0
                        known[name] = self._nested_size(nested[name], nested, source, known)
                    total += known[name]
                elif _helper(target := resolve(child.func, source.namespace)):
                    total += self._size(target)
        return total

    # ---- calls -----------------------------------------------------------------------------------

    def _source(self, target: object) -> Source | None:
        if id(target) not in self._sources:
            try:
                self._sources[id(target)] = target, read_source(target)  # type: ignore[arg-type]  # it is a helper
            except DownslopeError:
                self._sources[id(target)] = target, None  # the fence says why
        return self._sources[id(target)][1]

    def _called(self, target: object) -> Iterator[object]:
        """The helpers that a helper calls, once for each call."""
        source = self._source(target)
        if source is None:
            return
        local = bound_in(source.node) - set(source.preset)
        for node in ast.walk(source.node):
            if isinstance(node, ast.Call) and not (isinstance(node.func, ast.Name) and node.func.id in local):
                inner = resolve(node.func, source.namespace)
                if _helper(inner):
                    yield inner


def _helper(value: object) -> bool:
    return row_of(value) is None and transform_of(value) is None and is_helper(value)
