"""Vector mathematics: float64 functions as straight-line arithmetic, written for LLVM.

LLVM turns a loop that calls them into SIMD code, which it cannot do with calls to the C library.
`operand` and `arithmetic` are what they are written with, `mathematics` is the namesake of `math` that
compiled code gets, and `fits` holds the polynomials, made by `tools/fit_polynomials.py`.
"""
