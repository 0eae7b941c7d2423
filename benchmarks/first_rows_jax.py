"""One process: import JAX, then cost and gradient over a million rows. Prints JSON."""

import time

from benchmarks.trips import columns

table = columns(1_000_000)
start = time.perf_counter()
import jax  # noqa: E402
import jax.numpy  # noqa: E402

imported = time.perf_counter()
from benchmarks import trips_jax  # noqa: E402

jax.config.update("jax_persistent_cache_min_compile_time_secs", 0)
jax.config.update("jax_persistent_cache_min_entry_size_bytes", -1)
run = trips_jax.cases(1_000_000)["JAX: cost + gradient"]
value, slopes = run()
first = time.perf_counter()
run()
second = time.perf_counter()

if __name__ == "__main__":
    import json

    times = {"import": imported - start, "first": first - imported, "second": second - first}
    print(json.dumps({"times": times, "gradient": [float(value), *map(float, slopes)]}))
