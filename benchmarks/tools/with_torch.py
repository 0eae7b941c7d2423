"""PyTorch on the processor, eager, one thread."""

from typing import Any

import numpy as np

from benchmarks.tools import Calls, places


def prepared(problem: Any, args: tuple[Any, ...]) -> Calls:
    """Numbers that vary are tensors without axes."""
    import torch

    torch.set_num_threads(1)
    torch.set_default_dtype(torch.float64)
    function, varied = problem.torch(torch), places(problem)
    given = [
        torch.tensor(value) if i in varied or isinstance(value, np.ndarray) else value
        for i, value in enumerate(args)
    ]

    def primal() -> Any:
        with torch.no_grad():
            return function(*given)

    def gradient() -> Any:
        leaves = [given[i].clone().requires_grad_() for i in varied]
        full = list(given)
        for i, leaf in zip(varied, leaves, strict=True):
            full[i] = leaf
        return [slope.numpy() for slope in torch.autograd.grad(function(*full), leaves)]

    return primal, gradient
