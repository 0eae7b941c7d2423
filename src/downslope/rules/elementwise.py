"""The rule table: one row an op. Every mode, the documentation and the tests read it."""

from downslope.rules.kinds import Elementwise

Region = tuple[float, float]
ANY: Region = (-2.0, 2.0)
POSITIVE: Region = (0.1, 9.0)
UNIT: Region = (-0.9, 0.9)


def elementwise(
    signature: str,
    *partials: str,
    python: str = "",
    spellings: str = "",
    sample: tuple[Region, ...] = (),
    singular: bool = False,
    note: str = "",
) -> Elementwise:
    """A row from its signature, as `elementwise("sin(x)", "cos(x)")`.

    `python` is the call in emitted code (by default `name(...)`), `spellings` the dotted names a user
    may write, separated by spaces; `m.` stands for `math.`, `n.` for `numpy.`, `s.` for
    `scipy.special.`, `b.` for `builtins.`.
    """
    name, _, rest = signature.partition("(")
    args = tuple(part.strip() for part in rest.rstrip(")").split(","))
    call = python or f"{name}({', '.join(f'{{{i}}}' for i in range(len(args)))})"
    modules = {"m": "math", "n": "numpy", "s": "scipy.special", "b": "builtins"}
    spelled = tuple(f"{modules[s[0]]}{s[1:]}" for s in spellings.split())
    return Elementwise(name, args, partials, call, spelled, sample or (ANY,) * len(args), singular, note)


ARITHMETIC = (
    elementwise("add(a, b)", "1", "1", python="{0} + {1}", spellings="n.add"),
    elementwise("subtract(a, b)", "1", "-1", python="{0} - {1}", spellings="n.subtract"),
    elementwise("multiply(a, b)", "b", "a", python="{0} * {1}", spellings="n.multiply"),
    elementwise(
        "divide(a, b)", "1 / b", "-y / b", python="{0} / {1}", spellings="n.divide", sample=(ANY, (0.5, 2.0))
    ),
    elementwise("negative(x)", "-1", python="-{0}", spellings="n.negative"),
    elementwise("positive(x)", "1", python="+{0}", spellings="n.positive"),
    elementwise(
        "power(a, b)",
        "0 if b == 0 else (b * a if b == 2 else b * power(a, b - 1))",
        "0 if y == 0 else y * log(a)",
        python="{0} ** {1}",
        spellings="n.power b.pow",
        sample=(POSITIVE, ANY),
        singular=True,
        note="x**0 has slope 0 everywhere; 0**b has slope 0 in b for b > 0; NaN in b for a < 0",
    ),
    elementwise(
        "float_power(a, b)",
        "0 if b == 0 else b * float_power(a, b - 1)",
        "0 if y == 0 else y * log(a)",
        spellings="n.float_power m.pow",
        sample=(POSITIVE, ANY),
        singular=True,
    ),
    elementwise(
        "mul0(a, b)",
        "b",
        "a",
        note="product in which a zero factor wins, even over inf and NaN; for derivatives",
    ),
    elementwise("absolute(x)", "sign(x)", python="abs({0})", spellings="n.absolute n.fabs m.fabs b.abs"),
    elementwise("square(x)", "2 * x", spellings="n.square", python="{0} ** 2"),
    elementwise(
        "reciprocal(x)", "-y * y", spellings="n.reciprocal", python="1.0 / {0}", sample=((0.5, 2.0),)
    ),
    elementwise(
        "remainder(a, b)",
        "1",
        "-floor_divide(a, b)",
        python="{0} % {1}",
        spellings="n.remainder",
        sample=((2.1, 2.9), (1.1, 1.9)),
    ),
    elementwise(
        "fmod(a, b)",
        "1",
        "-trunc(a / b)",
        spellings="m.fmod n.fmod",
        sample=((2.1, 2.9), (1.1, 1.9)),
    ),
    elementwise("maximum(a, b)", "a >= b", "a < b", spellings="n.maximum", note="at a tie: the first"),
    elementwise("minimum(a, b)", "a <= b", "a > b", spellings="n.minimum", note="at a tie: the first"),
    elementwise("fmax(a, b)", "a >= b", "a < b", spellings="n.fmax"),
    elementwise("fmin(a, b)", "a <= b", "a > b", spellings="n.fmin"),
    elementwise(
        "where(c, a, b)", "0", "c != 0", "c == 0", python="({1} if {0} else {2})", spellings="n.where"
    ),
    elementwise(
        "copysign(a, b)",
        "copysign(1, a) * copysign(1, b)",
        "0",
        python="math.copysign({0}, {1})",
        spellings="m.copysign n.copysign",
    ),
)

POWERS = (
    elementwise(
        "sqrt(x)",
        "0.5 / y",
        python="math.sqrt({0})",
        spellings="m.sqrt n.sqrt",
        sample=(POSITIVE,),
        singular=True,
    ),
    elementwise(
        "cbrt(x)", "1 / (3 * y * y)", spellings="m.cbrt n.cbrt s.cbrt", sample=(POSITIVE,), singular=True
    ),
    elementwise(
        "hypot(a, b)",
        "0 if y == 0 else a / y",
        "0 if y == 0 else b / y",
        python="math.hypot({0}, {1})",
        spellings="n.hypot",
        singular=True,
        note="slope 0 at the origin, as for abs",
    ),
    elementwise("exp(x)", "y", python="math.exp({0})", spellings="m.exp n.exp"),
    elementwise("exp2(x)", "0.6931471805599453 * y", python="2.0 ** {0}", spellings="m.exp2 n.exp2 s.exp2"),
    elementwise("exp10(x)", "2.302585092994046 * y", python="10.0 ** {0}", spellings="s.exp10"),
    elementwise("expm1(x)", "exp(x)", python="math.expm1({0})", spellings="m.expm1 n.expm1 s.expm1"),
    elementwise("log(x)", "1 / x", python="math.log({0})", spellings="n.log", sample=(POSITIVE,)),
    elementwise(
        "log2(x)",
        "1.4426950408889634 / x",
        python="math.log2({0})",
        spellings="m.log2 n.log2",
        sample=(POSITIVE,),
    ),
    elementwise(
        "log10(x)",
        "0.4342944819032518 / x",
        python="math.log10({0})",
        spellings="m.log10 n.log10",
        sample=(POSITIVE,),
    ),
    elementwise(
        "log1p(x)",
        "1 / (1 + x)",
        python="math.log1p({0})",
        spellings="m.log1p n.log1p s.log1p",
        sample=(POSITIVE,),
    ),
    elementwise("logaddexp(a, b)", "expit(a - b)", "expit(b - a)", spellings="n.logaddexp"),
    elementwise(
        "logaddexp2(a, b)",
        "expit(0.6931471805599453 * (a - b))",
        "expit(0.6931471805599453 * (b - a))",
        spellings="n.logaddexp2",
    ),
)

TRIGONOMETRY = (
    elementwise("sin(x)", "cos(x)", python="math.sin({0})", spellings="m.sin n.sin"),
    elementwise("cos(x)", "-sin(x)", python="math.cos({0})", spellings="m.cos n.cos"),
    elementwise(
        "tan(x)", "1 + y * y", python="math.tan({0})", spellings="m.tan n.tan", sample=((-1.2, 1.2),)
    ),
    elementwise(
        "arcsin(x)",
        "1 / sqrt((1 - x) * (1 + x))",
        python="math.asin({0})",
        spellings="m.asin n.arcsin",
        sample=(UNIT,),
        singular=True,
    ),
    elementwise(
        "arccos(x)",
        "-1 / sqrt((1 - x) * (1 + x))",
        python="math.acos({0})",
        spellings="m.acos n.arccos",
        sample=(UNIT,),
        singular=True,
    ),
    elementwise("arctan(x)", "1 / (1 + x * x)", python="math.atan({0})", spellings="m.atan n.arctan"),
    elementwise(
        "arctan2(a, b)",
        "b / (a * a + b * b)",
        "-a / (a * a + b * b)",
        python="math.atan2({0}, {1})",
        spellings="m.atan2 n.arctan2",
        singular=True,
    ),
    elementwise("sinh(x)", "cosh(x)", python="math.sinh({0})", spellings="m.sinh n.sinh"),
    elementwise("cosh(x)", "sinh(x)", python="math.cosh({0})", spellings="m.cosh n.cosh"),
    elementwise(
        "tanh(x)",
        "4 * expit(2 * x) * expit(-2 * x)",
        python="math.tanh({0})",
        spellings="m.tanh n.tanh",
        note="1 - y*y loses digits for large x, 1/cosh(x)**2 overflows",
    ),
    elementwise("arcsinh(x)", "1 / hypot(x, 1)", python="math.asinh({0})", spellings="m.asinh n.arcsinh"),
    elementwise(
        "arccosh(x)",
        "1 / (sqrt(x - 1) * sqrt(x + 1))",
        python="math.acosh({0})",
        spellings="m.acosh n.arccosh",
        sample=((1.2, 9.0),),
        singular=True,
    ),
    elementwise(
        "arctanh(x)",
        "1 / ((1 - x) * (1 + x))",
        python="math.atanh({0})",
        spellings="m.atanh n.arctanh",
        sample=(UNIT,),
    ),
    elementwise(
        "degrees(x)", "180 / pi", python="math.degrees({0})", spellings="m.degrees n.degrees n.rad2deg"
    ),
    elementwise(
        "radians(x)", "pi / 180", python="math.radians({0})", spellings="m.radians n.radians n.deg2rad"
    ),
)

SPECIAL = (
    elementwise(
        "erf(x)", "1.1283791670955126 * exp(-x * x)", python="math.erf({0})", spellings="m.erf s.erf"
    ),
    elementwise(
        "erfc(x)", "-1.1283791670955126 * exp(-x * x)", python="math.erfc({0})", spellings="m.erfc s.erfc"
    ),
    elementwise(
        "gamma(x)",
        "y * digamma(x)",
        python="math.gamma({0})",
        spellings="m.gamma s.gamma",
        sample=(POSITIVE,),
    ),
    elementwise(
        "lgamma(x)",
        "digamma(x)",
        python="math.lgamma({0})",
        spellings="m.lgamma s.gammaln",
        sample=(POSITIVE,),
    ),
    elementwise("digamma(x)", "zeta(2, x)", spellings="s.psi", sample=(POSITIVE,)),
    elementwise(
        "zeta(s, x)",
        "0 * s / (s - s)",
        "-s * zeta(s + 1, x)",
        spellings="s.zeta",
        sample=((2.0, 4.0), POSITIVE),
        note="Hurwitz zeta; its slope in s has no closed form: NaN",
    ),
    elementwise(
        "beta(a, b)",
        "y * (digamma(a) - digamma(a + b))",
        "y * (digamma(b) - digamma(a + b))",
        spellings="s.beta",
        sample=(POSITIVE, POSITIVE),
    ),
    elementwise(
        "betaln(a, b)",
        "digamma(a) - digamma(a + b)",
        "digamma(b) - digamma(a + b)",
        spellings="s.betaln",
        sample=(POSITIVE, POSITIVE),
    ),
    elementwise("expit(x)", "y * expit(-x)", spellings="s.expit"),
    elementwise("logit(x)", "1 / (x * (1 - x))", spellings="s.logit", sample=((0.1, 0.9),)),
    elementwise("ndtr(x)", "0.3989422804014327 * exp(-x * x / 2)", spellings="s.ndtr"),
    elementwise("j0(x)", "-j1(x)", spellings="s.j0", sample=(POSITIVE,)),
    elementwise("j1(x)", "j0(x) - y / x", spellings="s.j1", sample=(POSITIVE,)),
    elementwise("y0(x)", "-y1(x)", spellings="s.y0", sample=(POSITIVE,)),
    elementwise("y1(x)", "y0(x) - y / x", spellings="s.y1", sample=(POSITIVE,)),
    elementwise("i0(x)", "i1(x)", spellings="s.i0"),
    elementwise("i1(x)", "i0(x) - y / x", spellings="s.i1", sample=(POSITIVE,)),
)


def _flat(signature: str, python: str, spellings: str = "") -> Elementwise:
    """A row of an op that is constant by pieces: every partial is zero."""
    count = signature.count(",") + 1
    return elementwise(signature, *["0"] * count, python=python, spellings=spellings)


PIECEWISE_CONSTANT = (
    _flat("floor(x)", "floor({0})", "n.floor"),
    _flat("ceil(x)", "ceil({0})", "n.ceil"),
    _flat("trunc(x)", "trunc({0})", "n.trunc n.fix"),
    _flat("rint(x)", "rint({0})", "n.rint n.round"),
    _flat("sign(x)", "sign({0})", "n.sign"),
    _flat("heaviside(a, b)", "heaviside({0}, {1})", "n.heaviside"),
    _flat("floor_divide(a, b)", "{0} // {1}", "n.floor_divide"),
    _flat("floor_int(x)", "math.floor({0})", "m.floor"),
    _flat("ceil_int(x)", "math.ceil({0})", "m.ceil"),
    _flat("trunc_int(x)", "math.trunc({0})", "m.trunc"),
    _flat("to_int(x)", "int({0})", "b.int"),
    _flat("to_bool(x)", "bool({0})", "b.bool"),
    elementwise("to_float(x)", "1", python="float({0})", spellings="b.float"),
    _flat("round_int(x)", "round({0})", "b.round"),
    _flat("range_length(a, b, c)", "len(range({0}, {1}, {2}))"),
    _flat("less(a, b)", "{0} < {1}", "n.less"),
    _flat("less_equal(a, b)", "{0} <= {1}", "n.less_equal"),
    _flat("greater(a, b)", "{0} > {1}", "n.greater"),
    _flat("greater_equal(a, b)", "{0} >= {1}", "n.greater_equal"),
    _flat("equal(a, b)", "{0} == {1}", "n.equal"),
    _flat("not_equal(a, b)", "{0} != {1}", "n.not_equal"),
    _flat("logical_and(a, b)", "{0} and {1}"),
    _flat("logical_or(a, b)", "{0} or {1}"),
    _flat("logical_not(x)", "not {0}", "n.logical_not"),
    _flat("bitwise_and(a, b)", "{0} & {1}", "n.bitwise_and"),
    _flat("bitwise_or(a, b)", "{0} | {1}", "n.bitwise_or"),
    _flat("bitwise_xor(a, b)", "{0} ^ {1}", "n.bitwise_xor"),
    _flat("left_shift(a, b)", "{0} << {1}", "n.left_shift"),
    _flat("right_shift(a, b)", "{0} >> {1}", "n.right_shift"),
    _flat("invert(x)", "~{0}", "n.invert"),
    _flat("isnan(x)", "math.isnan({0})", "m.isnan n.isnan"),
    _flat("isinf(x)", "math.isinf({0})", "m.isinf n.isinf"),
    _flat("isfinite(x)", "math.isfinite({0})", "m.isfinite n.isfinite"),
)

ROWS = ARITHMETIC + POWERS + TRIGONOMETRY + SPECIAL + PIECEWISE_CONSTANT
