"""One column, of whatever type, as numbers: float64, int64 or bool, and which rows have none."""

from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt

from downslope.errors import DataError

Column = npt.NDArray[Any]
Mask = npt.NDArray[np.bool_]
LARGEST = 2**63 - 1
KINDS = {"b": np.bool_, "i": np.int64, "u": np.int64, "f": np.float64}


def numbers(column: Any, name: str, source: str, before: int = 0) -> tuple[Column, Mask]:
    """The column's numbers, (n,) contiguous, and (n,) True where the number is missing or not finite.

    `before` are the rows of the source before the first of these: messages count them.

    Rows without a number hold NaN in a float column, 0 or False in another. Raises `DataError` for
    text (with the first row that is no number), dates, nested and complex values.

    >>> values, missing = numbers([3, None], "km", "the table")
    >>> values.dtype.name, missing.tolist()
    ('int64', [False, True])
    """
    import pyarrow as pa

    if isinstance(column, pa.Array | pa.ChunkedArray):
        return _of_arrow(column, name, source, before)
    if not isinstance(column, np.ndarray | list | tuple):
        column = _from_other(column, name, source)
        if isinstance(column, pa.Array | pa.ChunkedArray):
            return _of_arrow(column, name, source, before)
    array = column if isinstance(column, np.ndarray) else _of_objects(column)
    if array.ndim != 1:
        raise DataError(
            f"column {name!r} of {source} has {array.ndim} dimensions",
            why="one row needs one number.",
            fix="pass a list or an array with one number for each row.",
        )
    hidden = np.ma.getmaskarray(array) if isinstance(array, np.ma.MaskedArray) else None
    values, missing = _of_array(np.asarray(array), name, source, before)
    return values, missing if hidden is None else missing | hidden


def _from_other(column: Any, name: str, source: str) -> Any:
    """A series of some data frame library as Arrow data; anything else is refused."""
    import narwhals
    import pyarrow as pa

    try:
        return narwhals.from_native(column, series_only=True).to_arrow()
    except TypeError as error:
        raise DataError(
            f"column {name!r} of {source} is a {type(column).__name__}",
            why="a column is a list, an array or a series.",
            fix="pass one number for each row.",
        ) from error
    except pa.ArrowException:
        return list(column)


def _of_objects(column: Any) -> Column:
    """A list as an array of Python objects, so that NumPy turns no number into text."""
    array = np.empty(len(column), dtype=object)
    array[:] = list(column)
    return array


def _of_arrow(column: Any, name: str, source: str, before: int) -> tuple[Column, Mask]:
    import pyarrow as pa
    from pyarrow import compute

    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    kind = column.type
    if pa.types.is_decimal(kind):
        column = column.cast(pa.float64())
    elif pa.types.is_null(kind):
        return np.full(len(column), np.nan), np.ones(len(column), dtype=bool)
    elif pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind):
        return _of_array(_of_objects(column.to_pylist()), name, source, before)
    elif not (pa.types.is_boolean(kind) or pa.types.is_integer(kind) or pa.types.is_floating(kind)):
        raise _no_number(name, source, str(kind))
    if not column.null_count:
        return _of_array(np.asarray(column.to_numpy(zero_copy_only=False)), name, source, before)
    empty = np.asarray(column.is_null().to_numpy(zero_copy_only=False), dtype=bool)
    column = compute.fill_null(column, pa.scalar(0).cast(column.type))
    values, missing = _of_array(np.asarray(column.to_numpy(zero_copy_only=False)), name, source, before)
    if values.dtype == np.float64:
        values = np.where(empty, np.nan, values)
    return values, missing | empty


def _of_array(array: Column, name: str, source: str, before: int) -> tuple[Column, Mask]:
    if array.dtype.kind in "OUS":
        array, missing = _of_values(array.tolist(), name, source, before)
    else:
        missing = np.zeros(len(array), dtype=bool)
    kind = array.dtype.kind
    if kind not in KINDS:
        raise _no_number(name, source, str(array.dtype))
    if kind == "u" and array.size and int(array.max()) > LARGEST:
        raise _too_large(name, source, before + int(np.argmax(array > LARGEST)), int(array.max()))
    values: Column = np.ascontiguousarray(array, dtype=KINDS[kind])
    if kind != "f":
        return values, missing
    with np.errstate(over="ignore", invalid="ignore"):
        total = values.sum()
    if np.isfinite(total):  # NaN and infinity stay in a sum: one pass is enough
        return values, missing
    return values, missing | ~np.isfinite(values)


def _of_values(values: list[Any], name: str, source: str, before: int) -> tuple[Column, Mask]:
    """Python objects as numbers; None and the libraries' own marks for nothing are missing."""
    missing = np.array([_nothing(value) for value in values], dtype=bool)
    kept = [0 if gone else value for value, gone in zip(values, missing, strict=True)]
    for row, value in enumerate(kept):
        if not isinstance(value, bool | int | float | np.number | np.bool_ | Decimal | Fraction):
            raise _holds(values, row, name, source, before)
        if isinstance(value, int) and abs(value) > LARGEST:
            raise _too_large(name, source, before + row, value)
    present = [value for value, gone in zip(values, missing, strict=True) if not gone]
    if present and all(isinstance(value, bool | np.bool_) for value in present):
        return np.array(kept, dtype=bool), missing
    if present and all(isinstance(value, int | np.integer) for value in present):
        return np.array(kept, dtype=np.int64), missing
    found = np.array([float(value) for value in kept])
    found[missing] = np.nan
    return found, missing


def _nothing(value: Any) -> bool:
    return value is None or type(value).__name__ in ("NAType", "NaTType")


def _holds(values: list[Any], row: int, name: str, source: str, before: int) -> DataError:
    """The error for text: the first row that is no number, or the first row if all could be read as one."""
    texts = [k for k, value in enumerate(values) if not (_nothing(value) or isinstance(value, int | float))]
    first = next((k for k in texts if not _readable(values[k])), row)
    why = "a program works on numbers." if not _readable(values[first]) else "it is text, not a number."
    return DataError(
        f"column {name!r} of {source} holds {values[first]!r} in row {before + first + 1}",
        why=why,
        fix="convert the text to numbers, or use another column.",
    )


def _readable(value: Any) -> bool:
    try:
        float(value)
    except (TypeError, ValueError):
        return False
    return True


def _too_large(name: str, source: str, row: int, value: int) -> DataError:
    return DataError(
        f"column {name!r} of {source} holds {value} in row {row + 1}",
        why="whole numbers of more than 64 bits are not supported.",
        fix="convert the column to floats.",
    )


def _no_number(name: str, source: str, kind: str) -> DataError:
    return DataError(
        f"column {name!r} of {source} is of type {kind}",
        why="a program works on real numbers.",
        fix="convert it, e.g. dates to days since a start.",
    )
