"""What numbers in structures are called: `weights[0]`, `taxi.speed`, `speeds[day]`."""

import re
import unicodedata
from collections.abc import Iterable

QUOTED = re.compile(r"""\[\s*(["'])(.*?)\1\s*\]""")
SEVERAL = re.compile(r"\[(\s*-?\d+\s*(?:,\s*-?\d+\s*)+)\]")


def canonical(name: str) -> str:
    """A name as constants have it: `d['a']` is `d[a]`, and `w[0, 1]` is `w[0][1]`.

    >>> canonical("speeds['day'].low"), canonical("w[0, 1]")
    ('speeds[day].low', 'w[0][1]')
    """
    plain = QUOTED.sub(r"[\2]", unicodedata.normalize("NFKC", name))  # as Python reads names
    return SEVERAL.sub(lambda found: "".join(f"[{i.strip()}]" for i in found[1].split(",")), plain)


def below(name: str, names: Iterable[str]) -> list[str]:
    """The numbers in the structure of a name, of these names.

    >>> below("w", ["w[0]", "w[1]", "width", "w.x"])
    ['w[0]', 'w[1]', 'w.x']
    """
    return [each for each in names if each.startswith((f"{name}[", f"{name}."))]
