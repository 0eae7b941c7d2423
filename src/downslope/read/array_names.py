"""The functions and methods of NumPy that the reader itself takes apart into loops, by name."""

ARRAY_FUNCTIONS = (
    "zeros", "ones", "empty", "full", "zeros_like", "ones_like", "empty_like", "full_like", "array", "asarray",
    "arange", "linspace", "copy", "sum", "mean", "prod", "max", "min", "amax", "amin", "dot", "matmul", "inner",
    "outer", "transpose", "cumsum", "cumprod", "diff", "size", "ndim", "shape",
    "reshape", "ravel", "permute_dims", "swapaxes", "moveaxis", "expand_dims", "squeeze", "atleast_1d", "atleast_2d",
    "flip", "flipud", "fliplr", "rot90", "broadcast_to", "split", "diagonal", "trace",
    "concatenate", "concat", "stack", "vstack", "hstack", "column_stack", "append", "roll", "pad", "tile", "meshgrid",
    "eye", "identity", "diag", "triu", "tril", "repeat", "nonzero", "flatnonzero", "count_nonzero", "take", "compress",
    "extract", "take_along_axis", "put_along_axis", "put", "argsort", "sort", "argmax", "argmin", "searchsorted",
    "digitize", "bincount", "var", "std", "ptp", "average", "nansum", "nanmean", "all", "any", "isclose", "allclose",
    "median", "quantile", "percentile", "ediff1d",
)  # fmt: skip
"""Functions of NumPy."""
METHODS = frozenset(
    "copy sum mean prod max min dot transpose cumsum cumprod reshape ravel flatten swapaxes squeeze astype"
    " diagonal trace repeat nonzero take compress put argsort sort argmax argmin searchsorted"
    " var std all any clip fill item".split()
)
"""Methods of an array; most are the NumPy function of the same name."""
CHANGING = frozenset({"put", "put_along_axis"})
"""Functions that change an array and give nothing."""
CHANGING_METHODS = frozenset({"put", "sort", "fill"})
"""Methods that do."""
AT, REDUCE, ACCUMULATE = "at", "reduce", "accumulate"
UFUNC_METHODS = frozenset({AT, REDUCE, ACCUMULATE})
"""What is read of a ufunc: `numpy.add.at` has the name "add.at"."""
WORDS = frozenset(
    "constant edge reflect symmetric wrap xy ij left right stable quicksort mergesort heapsort linear".split()
)
"""Names of modes, which are passed as texts."""
