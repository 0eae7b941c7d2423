"""Functions of NumPy and SciPy that the reader expands as programs of ours (`rules.programs`)."""
