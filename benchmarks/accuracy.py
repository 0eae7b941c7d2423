"""Measures the accuracy of vector functions against mpmath.

    python -m benchmarks.accuracy 1000000            # so many points for each function
    python -m benchmarks.accuracy 100000 sin cos     # for these functions
    python -m benchmarks.accuracy 100000 --seed 7

Prints, for each function, the points tried, the largest distance from the correctly rounded value in
ulps, the share of results that are not correctly rounded, and the worst point. Exit code 1 if a
function is further off than it promises.
"""

import argparse
import sys
import zlib

import numpy as np

from benchmarks.exact import DOMAINS, computed, distance, exact, points

CHUNK = 20_000


def measured(name: str, count: int, seed: int) -> tuple[int, int, float, list[float]]:
    """Points tried, the largest distance, the share not correctly rounded, and the worst point."""
    rng = np.random.default_rng([seed, zlib.crc32(name.encode())])
    tried, worst, wrong, where = 0, -1, 0, [0.0]
    while tried < count:
        arguments = points(name, min(CHUNK, count), rng)
        apart = distance(computed(name, arguments), exact(name, arguments))
        tried += apart.size
        wrong += int(np.count_nonzero(apart))
        last = int(np.argmax(apart))
        if apart[last] > worst:
            worst, where = int(apart[last]), [float(argument[last]) for argument in arguments]
    return tried, worst, wrong / tried, where


def main() -> int:
    """Measure, print a table, and say whether every function keeps its promise."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.accuracy", description=__doc__)
    parser.add_argument("count", type=int, nargs="?", default=100_000)
    parser.add_argument("names", nargs="*", default=list(DOMAINS), metavar="name")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    failed = False
    print("| function | points | largest distance, ulp | not correctly rounded | worst point |")
    print("|---|---|---|---|---|")
    for name in options.names:
        tried, worst, share, where = measured(name, options.count, options.seed)
        failed |= worst > DOMAINS[name].limit
        shown = ", ".join(map(repr, where))
        print(f"| {name} | {tried:,} | {worst} | {100 * share:.2f} % | {shown} |", flush=True)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
