"""`python -m benchmarks`: every table, with the machine it was measured on."""

import os

# One thread for JAX. It must be said before JAX is loaded.
os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"

from benchmarks import first, learning, machine, modes, rows, vectormath


def main() -> None:
    """Print one table after the other."""
    print(machine.described(), flush=True)
    for tables in (rows.tables, first.tables, modes.tables, vectormath.tables, learning.tables):
        print("\n" + tables(), flush=True)


if __name__ == "__main__":
    main()
