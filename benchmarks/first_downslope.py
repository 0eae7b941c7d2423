"""One process: import downslope, then the first gradient. Prints JSON."""

import time

start = time.perf_counter()
import downslope as ds  # noqa: E402

imported = time.perf_counter()
from downslope.demo.taxi import trip  # noqa: E402

LEARNT = ("speed", "jam", "stop", "dwell", "decay")
slope = ds.grad(trip, LEARNT)
gradient = slope(4.5, 8)
first = time.perf_counter()
slope(4.5, 8)
second = time.perf_counter()

if __name__ == "__main__":
    import json

    times = {"import": imported - start, "first": first - imported, "second": second - first}
    print(json.dumps({"times": times, "gradient": gradient}))
