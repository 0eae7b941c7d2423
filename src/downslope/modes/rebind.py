"""A copy of the user's function whose mathematics takes numbers of another kind; the original is untouched.

Works on code objects, so it needs no source. Globals, closures and builtins are replaced in the copy:
functions of the rule table by their rows, helper functions by copies of their own.
"""

import builtins
import functools
import inspect
import math
import sys
import sysconfig
from collections.abc import Callable
from types import CellType, CodeType, FunctionType, MethodType, ModuleType
from typing import Any

from downslope.errors import UsageError
from downslope.ir.structure import built, classes_of, holder_of, is_frozen, leaves, shape_of
from downslope.modes.object_arrays import boxed, counted, each, is_objects, maker, makers, plain_numbers
from downslope.modes.object_linalg import linear_algebra
from downslope.modes.object_scipy import MODULES, constant_spline, scipy_functions
from downslope.modes.running import sees_duals
from downslope.read.resolve import spelled
from downslope.rules import RULES, SPELLINGS

Function = Callable[..., Any]

BY_PROTOCOL = frozenset({"builtins.int", "builtins.bool", "builtins.abs", "builtins.round", "builtins.pow"})
"""Builtins that ask the number itself (`__int__` …), so they need no replacement."""
FOREIGN = frozenset({"numpy", "scipy", "numba"})
"""Packages whose functions are taken as they are."""

FLAT = ("digitize", "isclose", "allclose", "array_equal")
"""Functions of NumPy that give no floats."""
UFUNC_METHODS = ("at", "reduce", "accumulate", "outer", "reduceat")

_LIBRARY = sysconfig.get_paths()["stdlib"]
"""Where the standard library is."""


class Patches:
    """Replacements of functions for numbers of class `kind`, which the rows act on by `apply`."""

    def __init__(self, apply: Callable[[str, tuple[Any, ...]], Any], kind: type) -> None:
        self._apply, self._kind = apply, kind
        self._found: dict[int, Any] = {}
        self._builtins: dict[str, Any] = {}
        self._state: tuple[int, int] | None = None

    def replacements(self) -> dict[int, Any]:
        """By the identity of each function with a row: one that takes numbers of our kind as well.

        Modules that were never imported cannot occur in a program, and are not imported here.
        """
        loaded = [module for module in (*_modules(len(SPELLINGS)), *MODULES) if module in sys.modules]
        if self._state != (state := (len(SPELLINGS), len(loaded))):
            self._found, self._state = self._collected(loaded), state
            self._builtins = {name: self._found.get(id(v), v) for name, v in vars(builtins).items()}
        return self._found

    def _collected(self, loaded: list[str]) -> dict[int, Any]:
        found: dict[int, Any] = {}
        for spelling, op in SPELLINGS.items():
            module, _, name = spelling.rpartition(".")
            target = getattr(sys.modules[module], name, None) if module in loaded else None
            if target is not None and spelling not in BY_PROTOCOL:
                found[id(target)] = self.namesake(op, target)
        found |= {id(target): self._guarded(new, target) for target, new in self._special()}
        found |= {id(original): maker(original) for original in makers()}
        found |= {id(original): new for original, new in scipy_functions()}
        found[id(float)] = _float_for(self._kind, self.namesake("to_float", float))
        return found

    def namesake(self, op: str, original: Function) -> Function:
        """`original`, and the row `op` where an argument is of our kind."""
        call = self._guarded(lambda *args: self._apply(op, args), original, elementwise=True)
        inputs = [inspect.Parameter(name, inspect.Parameter.POSITIONAL_OR_KEYWORD) for name in RULES[op].args]
        call.__signature__ = inspect.Signature(inputs)  # type: ignore[attr-defined]  # functions take attributes
        return call

    def _guarded(self, new: Function, original: Function, elementwise: bool = False) -> Function:
        def call(*args: Any, **options: Any) -> Any:
            if any(map(is_objects, args)) and elementwise:
                return each(new, args)
            flat = [x for arg in args for x in (arg if isinstance(arg, list | tuple) else (arg,))]
            if any(isinstance(x, self._kind) or is_objects(x) for x in (*flat, *options.values())):
                return new(*args, **options)
            return original(*args, **options)

        for name in UFUNC_METHODS:
            if hasattr(original, name):
                setattr(call, name, boxed(getattr(original, name)))
        call.__name__ = getattr(original, "__name__", "call")
        call.__doc__ = original.__doc__
        call.sees_duals = True  # type: ignore[attr-defined]  # functions take attributes
        return call

    def _special(self) -> list[tuple[Any, Function]]:
        """Functions that are several rows."""
        return [
            (math.log, self._log),
            (math.hypot, self._hypot),
            (math.dist, lambda p, q: self._hypot(*(a - b for a, b in zip(p, q, strict=True)))),
            (math.fsum, lambda terms: sum(terms, 0.0)),
            (math.prod, _product),
            (math.modf, lambda x: (x - math.trunc(x), float(math.trunc(x)))),
            (math.isclose, _close),
            *self._of_numpy(),
            *linear_algebra(self._apply),
        ]

    def _of_numpy(self) -> list[tuple[Any, Function]]:
        """Those of NumPy; a function can only call them once it is loaded."""
        np = sys.modules.get("numpy")
        if np is None:
            return []
        return [
            (np.clip, self._clip),
            (np.round, lambda x, decimals=0: float(round(x, decimals))),
            (np.around, lambda x, decimals=0: float(round(x, decimals))),
            (np.float64, lambda x: self._apply("to_float", (x,))),
            (np.bincount, counted),
            *((getattr(np, name), self._flat(getattr(np, name))) for name in FLAT),
            *self._statistics(),
        ]

    def _statistics(self) -> list[tuple[Any, Function]]:
        from downslope.modes.object_statistics import STATISTICS  # it loads NumPy

        return [(spelled(spelling), routine) for spelling, routine in STATISTICS.items()]

    def _clip(self, x: Any, low: Any, high: Any) -> Any:
        """Held between bounds; arrays element by element."""

        def one(number: Any, least: Any, most: Any) -> Any:
            return self._apply("minimum", (self._apply("maximum", (number, least)), most))

        return each(one, (x, low, high)) if any(map(is_objects, (x, low, high))) else one(x, low, high)

    def _flat(self, original: Function) -> Function:
        """A function of NumPy whose result does not vary."""

        def bare(value: Any) -> Any:
            while isinstance(value, self._kind):
                value = value.value()  # type: ignore[attr-defined]  # numbers of our kind have one
            return plain_numbers(value, bare) if is_objects(value) else value

        return lambda *args, **options: original(*map(bare, args), **{k: bare(v) for k, v in options.items()})

    def _log(self, x: Any, base: Any = None) -> Any:
        value = self._apply("log", (x,))
        return value if base is None else value / self._apply("log", (base,))

    def _hypot(self, *args: Any) -> Any:
        total = self._apply("absolute", (args[0],)) if len(args) == 1 else args[0]
        for arg in args[1:]:
            total = self._apply("hypot", (total, arg))
        return total

    # ---- copies of functions -----------------------------------------------------------------

    def rebound(self, function: Function) -> Function:
        """A copy of a function, and of the helpers it calls, with the replacements.

        Raises `UsageError` for a callable that has neither Python code nor a row.
        """
        self.replacements()
        new = self._value(function, {})
        if new is function:
            raise UsageError(
                f"{getattr(function, '__name__', function)!r} cannot be run on dual numbers",
                why="it is not a Python function, and the rule table has no row for it.",
                fix="wrap it in a Python function, or add a row (docs/adding-a-rule.md).",
            )
        return new  # type: ignore[no-any-return]

    def takes_duals(self, function: Function) -> bool:
        """Whether a function is such a copy, or one of ours that sees by itself what it is given."""
        return (
            sees_duals(function) or getattr(function, "__globals__", {}).get("__builtins__") is self._builtins
        )

    def _value(self, value: Any, done: dict[int, Any]) -> Any:
        """What a name of the copy stands for."""
        if id(value) in done:
            return done[id(value)]
        if id(value) in self._found:
            return self._found[id(value)]
        if sees_duals(value):
            return value
        if (spline := constant_spline(value)) is not None:
            return spline
        if not isinstance(value, type) and hasattr(type(value), "in_duals"):
            return value.in_duals(lambda part: self._value(part, done))
        if holder_of(type(value)) in ("named", "object") and is_frozen(type(value)):
            shape = shape_of(value)
            own = {cls: self._value(cls, done) for cls in classes_of(shape)}
            return built(shape, iter(leaves(shape, value)), own)
        if holder_of(type(value)) == "object" and hasattr(value, "__dict__"):
            return self._twin(value, done)
        match value:
            case ModuleType():
                return _Patched(value, self, done)
            case type() if holder_of(value) in ("named", "object"):
                return self._class(value, done)
            case MethodType():
                return MethodType(self._value(value.__func__, done), self._owner(value.__self__, done))
            case functools.partial():
                keywords = {name: self._value(v, done) for name, v in value.keywords.items()}
                args = [self._value(arg, done) for arg in value.args]
                return functools.partial(self._value(value.func, done), *args, **keywords)
            case list() | tuple() | dict():
                return self._container(value, done)
        plain = _plain(value)
        if plain is not None:
            return self._copy(plain, done)
        call = inspect.getattr_static(type(value), "__call__", None)
        return self._owner(value, done) if isinstance(call, FunctionType) and not _foreign(call) else value

    def _owner(self, value: Any, done: dict[int, Any]) -> Any:
        """The object that a method belongs to, with methods of our kind; a class as it is."""
        return value if isinstance(value, type) else _Object(value, self, done)

    def _twin(self, value: Any, done: dict[int, Any]) -> Any:
        """An object with methods of our kind that holds what the original holds, now and later."""
        twin = object.__new__(self._value(type(value), done))
        twin.__dict__ = value.__dict__
        return twin

    def _container(self, value: Any, done: dict[int, Any]) -> Any:
        """A container of functions as one of copies; any other as it is."""
        if type(value) not in (list, tuple, dict):
            return value
        items = list(value.values() if isinstance(value, dict) else value)
        if not any(callable(item) for item in items):
            return value
        new = [self._value(item, done) for item in items]
        return dict(zip(value, new, strict=True)) if isinstance(value, dict) else type(value)(new)

    def _class(self, cls: type, done: dict[int, Any]) -> type:
        """A class below a user's own, with methods that take dual numbers; its bases have such classes too."""
        above = [self._value(base, done) for base in cls.__bases__ if holder_of(base) in ("named", "object")]
        new = type(cls)(
            cls.__name__, (*above, cls), {"__module__": cls.__module__, "__slots__": (), "sees_duals": True}
        )
        done[id(cls)] = new
        for name, said in vars(cls).items():
            if isinstance(said, FunctionType) and not _foreign(said):
                setattr(new, name, self._copy(said, done))
            elif isinstance(said, staticmethod | classmethod):
                setattr(new, name, type(said)(self._value(said.__func__, done)))
            elif isinstance(said, functools.cached_property):
                again = functools.cached_property(self._value(said.func, done))
                setattr(new, name, again)
                again.__set_name__(new, name)
            elif isinstance(said, property):
                parts = (said.fget, said.fset, said.fdel)
                setattr(new, name, property(*(part and self._value(part, done) for part in parts)))
        return new

    def _copy(self, plain: FunctionType, done: dict[int, Any]) -> Function:
        # A function takes its builtins from its globals when it is made, so they come first.
        scope: dict[str, Any] = {"__builtins__": self._builtins}
        cells = tuple(CellType() for _ in plain.__closure__ or ())
        copy = FunctionType(plain.__code__, scope, plain.__name__, None, cells or None)
        done[id(plain)] = copy
        scope.update(plain.__globals__)
        scope["__builtins__"] = self._builtins
        for name in _names(plain.__code__) & set(plain.__globals__):
            scope[name] = self._value(plain.__globals__[name], done)
        for cell, original in zip(cells, plain.__closure__ or (), strict=True):
            if _filled(original):
                cell.cell_contents = self._value(original.cell_contents, done)
        copy.__defaults__ = self._value(plain.__defaults__, done)
        copy.__kwdefaults__ = self._value(plain.__kwdefaults__, done)
        return copy


class _Patched:
    """A module whose functions take dual numbers."""

    def __init__(self, module: ModuleType, patches: Patches, done: dict[int, Any]) -> None:
        self._module, self._patches, self._done = module, patches, done

    def __getattr__(self, name: str) -> Any:
        return self._patches._value(getattr(self._module, name), self._done)


class _Object(_Patched):
    """An object of the user's whose methods take dual numbers; what is set is set on the original."""

    _OWN = frozenset({"_module", "_patches", "_done"})

    @property  # type: ignore[misc]  # read only, unlike object's
    def __class__(self) -> Any:
        return type(self._module)

    def __setattr__(self, name: str, value: Any) -> None:
        if name in self._OWN:
            object.__setattr__(self, name, value)
        else:
            setattr(self._module, name, value)

    def __call__(self, *args: Any, **options: Any) -> Any:
        call = self._patches._value(type(self._module).__call__, self._done)
        return call(self, *args, **options)


def _float_for(kind: type, call: Function) -> Any:
    """A stand-in for `float` that keeps numbers of our kind, also in `isinstance(x, float)`."""

    class Meta(type):
        def __call__(cls, *args: Any) -> Any:
            return call(*args)

        def __instancecheck__(cls, value: object) -> bool:
            return isinstance(value, float | kind)

        def __getattr__(cls, name: str) -> Any:
            return getattr(float, name)

    return Meta("float", (), {})


def _plain(value: Any) -> FunctionType | None:
    """The Python function under a Numba dispatcher or a cache; None for anything else or foreign."""
    function = getattr(value, "py_func", value)
    if isinstance(function, functools._lru_cache_wrapper):
        function = function.__wrapped__
    return function if isinstance(function, FunctionType) and not _foreign(function) else None


def _foreign(function: FunctionType) -> bool:
    """Whether a function belongs to the standard library or to a package taken as it is."""
    file = function.__code__.co_filename
    package = (function.__globals__.get("__name__") or "").partition(".")[0]
    return package in FOREIGN or (file.startswith(_LIBRARY) and "site-packages" not in file)


@functools.cache
def _modules(size: int) -> frozenset[str]:
    """The modules of the spellings; `size` is their number, for rows may be added."""
    del size
    return frozenset(spelling.rpartition(".")[0] for spelling in SPELLINGS)


def _names(code: CodeType) -> set[str]:
    """The global names in a function and in the functions inside it."""
    inner = [constant for constant in code.co_consts if isinstance(constant, CodeType)]
    return set(code.co_names).union(*map(_names, inner))


def _filled(cell: CellType) -> bool:
    """Whether a closure's variable is set."""
    try:
        cell.cell_contents  # noqa: B018  # reading it is the test
    except ValueError:
        return False
    return True


def _product(factors: Any, *, start: Any = 1) -> Any:
    total = start
    for factor in factors:
        total = total * factor
    return total


def _close(a: Any, b: Any, *, rel_tol: float = 1e-9, abs_tol: float = 0.0) -> bool:
    return bool(abs(a - b) <= max(rel_tol * max(abs(a), abs(b)), abs_tol))
