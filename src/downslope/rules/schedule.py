"""Where the reverse of a long loop keeps snapshots: whole numbers that emitted code asks for.

Binomial checkpointing (Griewank & Walther, "Algorithm 799: revolve", ACM TOMS 26, 2000): with `free` places for
snapshots, and so many passes run again at most, no more passes of a loop can be reversed than the
splits below allow. A snapshot stands for a segment of passes, which go on the tape together.
"""

IN_CACHE = 65_536
"""Numbers on the tape that stay in a processor's second cache: a segment is made no shorter than that."""
UNKNOWN_ROOM, FEWEST = 1_048_576, 64
"""Numbers in all snapshots of a loop of unknown length, and how many snapshots it has at least."""


def segment_passes(passes: int, snapshot: int, tape: int, memory: int) -> int:
    """The passes of one segment; a snapshot and a pass on the tape have so many numbers.

    `passes` is negative where it is not known; `memory` are the numbers that fit in the budget. With the
    root of `passes * snapshot / tape`, snapshots and tape together are the fewest numbers that need no
    pass to run more than twice.

    >>> segment_passes(1_000_000, 100_000, 100_000, 2**30)
    1000
    """
    each = max(1, tape)
    wanted = max(1, IN_CACHE // each)
    if passes > 0:
        wanted = max(wanted, int((passes * max(1, snapshot) / each) ** 0.5))
    return max(1, min(wanted, memory // (2 * each)))


def snapshot_room(passes: int, snapshot: int, segment: int, memory: int) -> int:
    """The places for snapshots. Raises `MemoryError` where one of them does not fit beside what it is a copy of.

    >>> snapshot_room(1_000, 100, 10, 2**20), snapshot_room(1_000, 2**18, 10, 2**20)
    (100, 2)
    """
    each = max(1, snapshot)
    most = memory // (2 * each)
    if most < 1:
        raise MemoryError
    if passes < 0:
        return min(most, max(FEWEST, UNKNOWN_ROOM // each))
    return max(1, min(most, (passes + segment - 1) // segment))


def snapshot_split(passes: int, free: int, segment: int, rest: int) -> int:
    """How many of the passes to run before the next snapshot; all but `rest` where there is no place for one.

    The fewest passes are run again in all if the first part is as short as it may be: with `free + 1`
    snapshots and r repetitions at most C(free + 1 + r, r) segments can be reversed.

    >>> snapshot_split(6, 1, 1, 1), snapshot_split(10, 2, 1, 1)
    (3, 4)
    """
    if passes <= segment:
        return passes
    if free <= 0:
        return passes - rest
    length = (passes + segment - 1) // segment
    places = free + 1
    # reach = C(places + r, places), all that r repetitions reach; before = C(places + r - 1, places)
    reach, before, earlier, r = 1, 0, 0, 0
    while reach < length:
        r += 1
        earlier = before
        before = reach
        reach = reach * (places + r) // r
    return segment * max(1, earlier, length - (reach - before))
