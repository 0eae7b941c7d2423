"""A program as a function of PyTorch, with its own first and second derivatives."""

from collections.abc import Callable, Sequence
from functools import reduce
from typing import Any

import numpy as np
import torch

from downslope.errors import UsageError
from downslope.interop.batched import Batched, batched


def function(f: Callable[..., Any] | str, constants: Sequence[str] = ()) -> Callable[..., Any]:
    """A program as a function of PyTorch tensors, element by element, with its own derivatives.

    Inputs are tensors or numbers, broadcast together; `constants` are names of constants that become further
    inputs. It runs on the CPU, in 64 bits; the result has the widest real type of the tensors it is
    differentiated by. By an input that must stay whole (a loop bound) there is no derivative. It can be
    differentiated twice, in reverse mode; a third time is refused. Where the program raises, so does the call.
    Raises as `downslope.grad`, and `UsageError` for a tensor that is not on the CPU.

    >>> def area(width, height):
    ...     return width * height**2
    >>> width = torch.tensor([1.0, 2.0], requires_grad=True)
    >>> function(area)(width, 3.0).sum().backward()
    >>> width.grad.tolist()
    [9.0, 9.0]
    """
    ready = batched(f, constants)
    names = ready.read.arguments

    def call(*args: Any, **kwargs: Any) -> Any:
        given = dict(zip(names, ready.ordered(args, kwargs), strict=True))
        values = {name: _tensor(ready, name, value) for name, value in given.items()}
        real = _real([values[name] for name in ready.wrt if isinstance(given[name], torch.Tensor)])
        typed = [value.to(real) if name in ready.wrt else value for name, value in values.items()]
        return _Value.apply(ready, *torch.broadcast_tensors(*typed))[0]

    return call


def _tensor(ready: Batched, name: str, value: Any) -> Any:
    """An input as a tensor on the CPU whose elements the program can take."""
    # PyTorch's default for a Python number is 32 bits.
    tensor = torch.as_tensor(value, dtype=torch.float64 if isinstance(value, float) else None)
    if tensor.device.type != "cpu":
        raise UsageError(
            f"the argument {name} of {ready.read.source.name} is on the device {tensor.device}",
            why="programs run on the CPU.",
            fix=f"pass {name}.cpu(), and move the result back.",
        )
    complexes, reals = tensor.dtype.is_complex, tensor.dtype.is_floating_point
    whole = "b" if tensor.dtype == torch.bool else "i"
    ready.check(name, "c" if complexes else "f" if reals else whole)
    return tensor


def _real(tensors: Sequence[Any]) -> Any:
    """The widest type of real numbers among tensors; PyTorch's default where none has one."""
    kinds = [tensor.dtype for tensor in tensors if tensor.dtype.is_floating_point]
    return reduce(torch.promote_types, kinds) if kinds else torch.get_default_dtype()


def _run(ready: Batched, inputs: Sequence[Any], kind: Any, order: int) -> list[Any]:
    """The program's value and derivatives at tensors of one shape."""
    wide = [
        (value.detach().double() if name in ready.wrt else value.detach()).numpy()
        for name, value in zip(ready.read.arguments, inputs, strict=True)
    ]
    return [torch.from_numpy(np.array(part)).to(kind) for part in ready(wide, order)]


def _times(bar: Any, slope: Any) -> Any:
    """A cotangent times a slope: a zero cotangent stays zero, also where the slope is infinite."""
    return torch.where(bar == 0, torch.zeros_like(slope), bar * slope)


class _Value(torch.autograd.Function):
    """The value, and the slopes, which are constants to PyTorch; `_Slopes` differentiates them."""

    @staticmethod
    def forward(ctx: Any, ready: Batched, *inputs: Any) -> tuple[Any, ...]:
        differing = [v for n, v in zip(ready.read.arguments, inputs, strict=True) if n in ready.wrt]
        kind = differing[0].dtype if differing else torch.get_default_dtype()
        value, *slopes = _run(ready, inputs, kind, 1)
        ctx.ready = ready
        ctx.mark_non_differentiable(*slopes)
        ctx.save_for_backward(*inputs, *slopes)
        return value, *slopes

    @staticmethod
    def backward(ctx: Any, bar: Any, *_: Any) -> tuple[Any, ...]:
        ready, count = ctx.ready, len(ctx.ready.read.arguments)
        inputs, slopes = ctx.saved_tensors[:count], ctx.saved_tensors[count:]
        pulled = _Slopes.apply(ready, bar, *slopes, *inputs)
        by_name = dict(zip(ready.wrt, pulled, strict=True))
        return None, *(by_name.get(name) for name in ready.read.arguments)


class _Slopes(torch.autograd.Function):
    """The cotangent times each slope, with the program's second derivatives."""

    @staticmethod
    def forward(ctx: Any, ready: Batched, bar: Any, *given: Any) -> tuple[Any, ...]:
        ctx.ready = ready
        ctx.save_for_backward(bar, *given)
        return tuple(_times(bar, slope) for slope in given[: len(ready.wrt)])

    @staticmethod
    def backward(ctx: Any, *bars: Any) -> tuple[Any, ...]:
        names, wrt = ctx.ready.read.arguments, ctx.ready.wrt
        to_bar, *pulled = _Curves.apply(ctx.ready, len(wrt), *bars, *ctx.saved_tensors)
        by_name = dict(zip(wrt, pulled, strict=True))
        return None, to_bar, *(None for _ in wrt), *(by_name.get(name) for name in names)


class _Curves(torch.autograd.Function):
    """What `_Slopes` pulls back. Its own derivative is refused: left out, it would be zero in silence."""

    @staticmethod
    def forward(ctx: Any, ready: Batched, size: int, *given: Any) -> tuple[Any, ...]:
        ctx.name = ready.read.source.name
        bars, bar, slopes, inputs = (
            given[:size],
            given[size],
            given[size + 1 : 2 * size + 1],
            given[2 * size + 1 :],
        )
        parts = _run(ready, inputs, bar.dtype, 2)
        to_bar = sum(_times(up, slope) for up, slope in zip(bars, slopes, strict=True))
        starts = [(1 + size) * (1 + i) + 1 for i in range(size)]
        return to_bar, *(
            sum(
                _times(_times(up, bar), second)
                for up, second in zip(bars, parts[at : at + size], strict=True)
            )
            for at in starts
        )

    @staticmethod
    def backward(ctx: Any, *_: Any) -> None:
        raise UsageError(
            f"a third derivative of {ctx.name} inside PyTorch",
            why="it has a first and a second one there.",
            fix="leave out create_graph=True for the second derivative, or detach it.",
        )
