"""Derivatives inside a function that an oracle runs: by dual numbers, of any order and with any nesting.

While dual numbers or differences run the user's function, its own calls of `grad`, `jvp` and their like are
answered here. Each derivative has perturbations of its own, so what an inner function reads from around it
keeps the changes of the outer ones (Siskind & Pearlmutter 2008). No source is read.
"""

import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from downslope.errors import UsageError
from downslope.modes.dual import DualFloat, fresh_level, ready, split
from downslope.modes.object_arrays import as_objects, is_any_array
from downslope.modes.running import running

Run = Callable[..., Any]


def pushed(f: Run, values: Mapping[str, Any], dots: Mapping[str, Any]) -> tuple[Any, Any]:
    """The results of a function and their change along tangents of some arguments, in one run.

    >>> pushed(lambda x, y: x * y, {"x": 2.0, "y": 3.0}, {"x": 1.0, "y": 0.5})
    (6.0, 4.0)
    """
    level = fresh_level()
    moved = {
        name: as_objects(value.copy()) if is_any_array(value) else value for name, value in values.items()
    }
    for name, dot in dots.items():
        moved[name] = _moved(moved[name], dot, level)
    with running():
        result = _call(f, moved)
    return split(result, level)


def _moved(value: Any, dot: Any, level: int) -> Any:
    if not is_any_array(value):
        return DualFloat(float(value) if isinstance(value, int) else value, dot, level)
    found = value.astype(object)
    for index in _indices(value):
        found[index] = DualFloat(value[index], dot[index], level)
    return found


def _call(run: Run, values: Mapping[str, Any]) -> Any:
    call = inspect.BoundArguments(inspect.signature(run), dict(values))
    return run(*call.args, **call.kwargs)


def bound(f: Run, args: Sequence[Any], kwargs: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments of a call by name, defaults filled in. Raises `UsageError` where they do not fit."""
    try:
        call = inspect.signature(f).bind(*args, **kwargs)
    except TypeError as error:
        raise UsageError(
            "the arguments do not fit", why=f"{error}.", fix="give each argument once."
        ) from error
    call.apply_defaults()
    return dict(call.arguments)


def names_of(f: Run, wrt: Any) -> list[str]:
    """The arguments that are asked for. Raises `UsageError` for an unknown one."""
    names = list(inspect.signature(f).parameters)
    asked = [0] if wrt is None else [wrt] if isinstance(wrt, str | int) else list(wrt)
    for one in asked:
        if not (one in names or (isinstance(one, int) and -len(names) <= one < len(names))):
            raise UsageError(
                f"{one!r} is not an input", why=f"the inputs are {', '.join(names)}.", fix="name one of them."
            )
    return [names[one] if isinstance(one, int) else one for one in asked]


def nested_derivative(f: Run, wrt: Any = None, mode: str = "auto", *, delta: float | None = None) -> Run:
    """`derivative` or `grad` on numbers of any kind: exact, whatever the mode.

    >>> nested_derivative(nested_derivative(lambda x: x**3))(2.0)
    12.0
    """
    del mode, delta
    return nested_gradient(f, wrt, False)


def nested_value_and_grad(f: Run, wrt: Any = None) -> Run:
    """`value_and_grad` on numbers of any kind."""
    return nested_gradient(f, wrt, True)


def nested_gradient(f: Run, wrt: Any, with_value: bool) -> Run:
    """A gradient, with the value where it is asked for."""
    f = ready(f)
    names = names_of(f, wrt)
    single = wrt is None or isinstance(wrt, str | int)

    def call(*args: Any, **kwargs: Any) -> Any:
        values = bound(f, args, kwargs)
        found = [_slope(f, values, name) for name in names]
        slopes = found[0][1] if single else tuple(slope for _, slope in found)
        return (found[0][0], slopes) if with_value else slopes

    return _like(call, f)


def _slope(f: Run, values: Mapping[str, Any], name: str) -> tuple[Any, Any]:
    """The value, and the derivative in one argument, in its shape."""
    if not is_any_array(values[name]):
        return pushed(f, values, {name: 1.0})
    found = _empty(values[name].shape)
    value: Any = None
    for index in _indices(values[name]):
        value, found[index] = pushed(f, values, {name: _unit(values[name], index)})
    return value, plain(found)


def nested_jvp(
    f: Run, primals: Sequence[Any], tangents: Sequence[Any], *, wrt: Any = None
) -> tuple[Any, Any]:
    """`jvp` on numbers of any kind."""
    f = ready(f)
    values = bound(f, primals, {})
    names = names_of(f, _all(primals) if wrt is None else wrt)
    y, change = pushed(f, values, dict(zip(names, tangents, strict=True)))
    return _plain_parts(y), _plain_parts(change)


def nested_vjp(f: Run, *primals: Any, wrt: Any = None) -> tuple[Any, Run]:
    """`vjp` on numbers of any kind."""
    f = ready(f)
    values = bound(f, primals, {})
    names = names_of(f, _all(primals) if wrt is None else wrt)

    def pull(*bars: Any) -> tuple[Any, ...]:
        return tuple(_pulled(f, values, name, bars) for name in names)

    return _plain_parts(pushed(f, values, {}))[0], pull


def _pulled(f: Run, values: Mapping[str, Any], name: str, bars: Sequence[Any]) -> Any:
    def weighed(dot: Any) -> Any:
        dots = pushed(f, values, {name: dot})[1]
        parts = dots if isinstance(dots, tuple) else (dots,)
        terms = zip(parts, bars, strict=True)
        return sum(((d * b).sum() if is_any_array(d) else d * b for d, b in terms), 0.0)

    if not is_any_array(values[name]):
        return weighed(1.0)
    found = _empty(values[name].shape)
    for index in _indices(found):
        found[index] = weighed(_unit(values[name], index))
    return plain(found)


def nested_hvp(f: Run, primals: Sequence[Any], vector: Sequence[Any], *, wrt: Any = None) -> tuple[Any, ...]:
    """`hvp` on numbers of any kind."""
    f = ready(f)
    names = names_of(f, _all(primals) if wrt is None else wrt)
    found: tuple[Any, ...] = nested_jvp(nested_derivative(f, names), primals, vector, wrt=names)[1]
    return found


def nested_jacobian(f: Run, wrt: Any = None) -> Run:
    """`jacobian` on numbers of any kind."""
    f = ready(f)
    names = names_of(f, wrt)
    single = wrt is None or isinstance(wrt, str | int)

    def call(*args: Any, **kwargs: Any) -> Any:
        values = bound(f, args, kwargs)
        outputs = pushed(f, values, {})[0]
        parts = outputs if isinstance(outputs, tuple) else (outputs,)
        rows = [_blocks(f, values, name, parts) for name in names]
        if not any(map(is_any_array, (*values.values(), *parts))):
            table = _empty((len(parts), len(names)))
            for i, j in _indices(table):
                table[i, j] = rows[j][i]
            return plain(table)
        shown = [row[0] if single else row for row in zip(*rows, strict=True)]
        return tuple(shown) if isinstance(outputs, tuple) else shown[0]

    return _like(call, f)


def nested_hessian(f: Run, wrt: Any = None) -> Run:
    """`hessian` on numbers of any kind."""
    f = ready(f)
    names = names_of(f, wrt)
    slopes = nested_derivative(f, names if len(names) > 1 else names[0])
    return nested_jacobian(slopes, wrt)


def _blocks(f: Run, values: Mapping[str, Any], name: str, outputs: Sequence[Any]) -> list[Any]:
    """The derivatives of the outputs in one argument."""
    if not is_any_array(values[name]):
        dots = _plain_parts(pushed(f, values, {name: 1.0}))[1]
        return list(dots) if isinstance(dots, tuple) else [dots]
    shape = values[name].shape
    found = [_empty((*(y.shape if is_any_array(y) else ()), *shape)) for y in outputs]
    for index in _indices(values[name]):
        dots = pushed(f, values, {name: _unit(values[name], index)})[1]
        for block, dot in zip(found, dots if isinstance(dots, tuple) else (dots,), strict=True):
            block[(..., *index)] = dot
    return [plain(block) for block in found]


def _like(call: Run, f: Run) -> Run:
    call.__signature__ = inspect.signature(f)  # type: ignore[attr-defined]  # functions take attributes
    call.sees_duals = True  # type: ignore[attr-defined]  # as above
    return call


def _all(primals: Sequence[Any]) -> list[int]:
    """What varies by default: all; among arrays, those of floats."""
    if not any(map(is_any_array, primals)):
        return list(range(len(primals)))
    return [i for i, value in enumerate(primals) if not is_any_array(value) or value.dtype.kind in "fO"]


def _indices(array: Any) -> Iterator[tuple[int, ...]]:
    import numpy as np  # slow to load, and there are no arrays without it

    return iter(np.ndindex(array.shape))


def _empty(shape: tuple[int, ...]) -> Any:
    import numpy as np  # as above

    return np.empty(shape, object)


def _unit(value: Any, index: tuple[int, ...]) -> Any:
    import numpy as np  # as above

    unit = np.zeros(value.shape)
    unit[index] = 1.0
    return unit


def plain(array: Any) -> Any:
    """An array of objects as one of floats where all of them are."""
    if any(isinstance(value, DualFloat) for value in array.flat):
        return array
    return array.astype(float)


def _plain_parts(value: Any) -> Any:
    if isinstance(value, tuple):
        return tuple(map(_plain_parts, value))
    return plain(value) if is_any_array(value) and value.dtype == object else value
