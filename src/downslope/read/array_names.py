"""The functions and methods of NumPy that the reader itself takes apart into loops, by name."""

ARRAY_FUNCTIONS = (
    "zeros", "ones", "empty", "full", "zeros_like", "ones_like", "empty_like", "full_like", "array", "asarray",
    "arange", "linspace", "copy", "sum", "mean", "prod", "max", "min", "amax", "amin", "dot", "matmul", "inner",
    "outer", "transpose", "cumsum", "cumprod", "diff", "size", "ndim", "shape", "linalg.norm",
    "reshape", "ravel", "permute_dims", "swapaxes", "moveaxis", "expand_dims", "squeeze", "atleast_1d", "atleast_2d",
    "flip", "flipud", "fliplr", "rot90", "broadcast_to", "split", "diagonal", "trace",
    "concatenate", "concat", "stack", "vstack", "hstack", "column_stack", "append", "roll", "pad", "tile", "meshgrid",
    "eye", "identity", "diag", "triu", "tril", "repeat",
)  # fmt: skip
"""Functions of NumPy."""
METHODS = frozenset(
    "copy sum mean prod max min dot transpose cumsum cumprod reshape ravel flatten swapaxes squeeze astype"
    " diagonal trace repeat".split()
)
"""Methods of an array; most are the NumPy function of the same name."""
WORDS = frozenset({"constant", "edge", "reflect", "symmetric", "wrap", "xy", "ij"})
"""Names of modes, which are passed as texts."""
