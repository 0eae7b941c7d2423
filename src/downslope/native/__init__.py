"""Emitted text to machine code, and the kernels that run it over the rows of a table."""
