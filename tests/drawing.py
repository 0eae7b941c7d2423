"""How programs are drawn, loaded and checked, for every kind of random program."""

import argparse
import linecache
from collections.abc import Callable
from itertools import count
from typing import Any, TypeVar

from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

Drawn = TypeVar("Drawn")
_LOADED = count()


def loaded(text: str) -> Callable[..., Any]:
    """The function `program` of a text, which can be read through `linecache`, as that of a notebook cell."""
    file = f"<drawn {next(_LOADED)}>"
    linecache.cache[file] = (len(text), None, text.splitlines(keepends=True), file)
    scope: dict[str, Any] = {"__name__": "drawn"}
    exec(compile(text, file, "exec"), scope)
    program: Callable[..., Any] = scope["program"]
    return program


def forget() -> None:
    """Drop the texts of programs that were drawn: a long run would keep all of them."""
    for file in [file for file in linecache.cache if file.startswith("<drawn ")]:
        del linecache.cache[file]


def run(
    programs: st.SearchStrategy[Drawn],
    check: Callable[[Drawn], object],
    examples: int,
    start: int | None = None,
) -> None:
    """Draw programs and check each: always the same ones, or those of the seed `start`."""

    def one(drawn: Drawn) -> None:
        check(drawn)

    chosen = settings(
        max_examples=examples,
        derandomize=start is None,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    test = chosen(given(programs)(one))
    (test if start is None else seed(start)(test))()


def long_run(programs: st.SearchStrategy[Drawn], check: Callable[[Drawn], object]) -> None:
    """The command line of a long run: `--count` programs from `--seed` on; `check` gives None for a refused one."""
    parser = argparse.ArgumentParser(description="Draw programs and compare their derivatives.")
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    done = refused = 0

    def counted(drawn: Drawn) -> None:
        nonlocal done, refused
        done += 1
        refused += check(drawn) is None
        if not done % 1000:
            forget()
            print(f"{done} programs, {refused} refused", flush=True)

    for part in range(0, asked.count, 1000):  # each part from a seed of its own: a fault can be found again
        run(programs, counted, min(1000, asked.count - part), asked.seed + part)
    print(f"{done} programs (seed {asked.seed}): {done - refused} agree, {refused} are refused")
