"""Ten million passes of a loop with four active variables, in reverse mode: time and the most memory held.

python -m benchmarks.long_loops            # a process for each budget, compiler included
"""

import json
import resource
import subprocess
import sys
import time
from pathlib import Path

import downslope as ds

PASSES = 10_000_000
FOUR = ("a", "b", "c", "d")
AT = (1.0, 0.5, 1.2, 0.3)
BUDGETS = {"whole tape": 2**40, "default": None, "100,000 bytes": 100_000}


def drifting(a: float, b: float, c: float, d: float, steps: int) -> float:
    """An oscillator, a sum over its path, and a mean of that: four numbers move in each pass."""
    x, v, s, q = a, b, 0.0, 1.0
    for _ in range(steps):
        v = v - 0.001 * c * x * x * x
        x = x + 0.001 * v
        s = s + 0.001 * d * x * v
        q = q * 0.999999 + 0.000001 * s * x
    return s + q * x


def held() -> float:
    """The most memory that this process has held, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def measured(memory: int | None) -> dict[str, object]:
    """Peak memory before and after the long run, the seconds it takes the second time, and the slopes."""
    slopes = ds.derivative(drifting, FOUR, "reverse", memory=memory)
    slopes(*AT, 10)
    before = held()
    found = slopes(*AT, PASSES)
    started = time.perf_counter()
    slopes(*AT, PASSES)
    return {"before": before, "after": held(), "seconds": time.perf_counter() - started, "slopes": found}


def alone(memory: int | None) -> dict[str, object]:
    """`measured` in a process of its own."""
    # A process starts with the peak of its parent, which may be large: a small one stands between.
    between = "import subprocess, sys; sys.exit(subprocess.run([sys.executable, *sys.argv[1:]]).returncode)"
    command = [sys.executable, "-c", between, "-m", "benchmarks.long_loops", str(memory)]
    root = Path(__file__).parents[1]
    ran = subprocess.run(command, capture_output=True, text=True, check=True, cwd=root)
    found: dict[str, object] = json.loads(ran.stdout)
    return found


def main() -> None:
    """Print a line for each budget."""
    print(f"{PASSES:,} passes, 4 active variables, reverse mode")
    print(f"{'budget':14} {'peak MB':>8} {'of them before':>15} {'seconds':>8}  slopes")
    for name, memory in BUDGETS.items():
        row = alone(memory)
        print(f"{name:14} {row['after']:8.0f} {row['before']:15.0f} {row['seconds']:8.2f}  {row['slopes']}")


if __name__ == "__main__":
    if len(sys.argv) > 1:
        print(json.dumps(measured(None if sys.argv[1] == "None" else int(sys.argv[1]))))
    else:
        main()
