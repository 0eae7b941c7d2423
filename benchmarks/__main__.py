"""`python -m benchmarks`: every table, with the machine it was measured on.

python -m benchmarks gmm lstm    whole programs of these names only
python -m benchmarks --large gmm with the sizes that take minutes
"""

import os
import sys

# One thread for JAX. It must be said before JAX is loaded.
os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"

from benchmarks import machine, programs
from benchmarks.problems import NAMES


def main(words: list[str]) -> None:
    """Print one table after the other; where programs are named, only theirs."""
    large, chosen = "--large" in words, [word for word in words if word != "--large"]
    if unknown := sorted(set(chosen) - set(NAMES)):
        sys.exit(f"no program {', '.join(unknown)}; there are {', '.join(NAMES)}")
    print(machine.described(), flush=True)
    for table in programs.tables(chosen or NAMES, large):
        print("\n" + table, flush=True)
    if not chosen:
        _others()


def _others() -> None:
    from benchmarks import first, learning, modes, rows, vectormath  # they need JAX

    for tables in (rows.tables, first.tables, modes.tables, vectormath.tables, learning.tables):
        print("\n" + tables(), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
