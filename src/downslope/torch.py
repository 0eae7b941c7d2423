"""Programs inside PyTorch: `from downslope.torch import function`. It needs PyTorch."""

from downslope.interop.torch_function import function as function

__all__ = ["function"]
