"""One process: import downslope, then cost and gradient over a million rows. Prints JSON."""

import time

from benchmarks.trips import START, columns, problem

table = columns(1_000_000)
start = time.perf_counter()
import downslope  # noqa: E402, F401

imported = time.perf_counter()
one = problem(table, 1)
value, slopes = one.gradient(START)
first = time.perf_counter()
one.gradient(START)
second = time.perf_counter()

if __name__ == "__main__":
    import json

    times = {"import": imported - start, "first": first - imported, "second": second - first}
    print(json.dumps({"times": times, "gradient": [value, *slopes]}))
