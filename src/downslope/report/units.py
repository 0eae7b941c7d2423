"""Units, as far as names tell them: `speed_kmh` is in km/h."""

UNITS = {
    "km": "km", "cm": "cm", "mm": "mm", "miles": "miles",
    "kmh": "km/h", "kph": "km/h", "mph": "mph", "knots": "knots",
    "sec": "s", "seconds": "s", "min": "min", "minutes": "min", "hours": "h", "days": "days",
    "kg": "kg", "usd": "USD", "eur": "EUR", "percent": "%", "hz": "Hz", "kw": "kW", "kwh": "kWh",
}  # fmt: skip


def unit_of(name: str) -> str:
    """The unit that the last part of a name says, or an empty text. Single letters say too little.

    >>> unit_of("speed_kmh"), unit_of("minutes"), unit_of("speed"), unit_of("x_m")
    ('km/h', 'min', '', '')
    """
    return UNITS.get(name.lower().rpartition("_")[2], "")


def label(name: str) -> str:
    """A name as the label of an axis.

    >>> label("speed_kmh"), label("minutes"), label("jam")
    ('speed (km/h)', 'minutes', 'jam')
    """
    words, _, _ = name.rpartition("_")
    unit = unit_of(name)
    return literal(f"{words.replace('_', ' ')} ({unit})" if unit and words else name)


def literal(text: str) -> str:
    r"""A user's text as matplotlib shows it letter by letter: a dollar sign begins no formula.

    >>> literal("cost_$"), literal("speed_kmh")
    ('cost_\\$', 'speed_kmh')
    """
    return text.replace("$", r"\$")


def with_unit(text: str, unit: str) -> str:
    """A label with its unit, where that is known.

    >>> with_unit("duration", "min"), with_unit("duration", "")
    ('duration (min)', 'duration')
    """
    return f"{text} ({unit})" if unit else text


def square(unit: str) -> str:
    """The unit of a square.

    >>> square("min"), square("km/h"), square("")
    ('min²', '(km/h)²', '')
    """
    return f"({unit})²" if "/" in unit else f"{unit}²" if unit else ""


def per(unit: str, below: str) -> str:
    """The unit of a slope, with a space before it, or an empty text.

    >>> per("min²", "km/h"), per("", "km/h"), per("min", ""), per("", "")
    (' min² per km/h', ' per km/h', ' min per unit', '')
    """
    if not unit and not below:
        return ""
    return f" {unit} per {below or 'unit'}".replace("  ", " ")
