"""The rule table: one row an op. Every mode, the documentation and the tests read it."""

from downslope.rules.kinds import Elementwise

Region = tuple[float, float]
ANY: Region = (-2.0, 2.0)
POSITIVE: Region = (0.1, 9.0)
UNIT: Region = (-0.9, 0.9)
UNKNOWN = "1e999 - 1e999"
"""NaN: a slope that has no closed form. Never 0, which would be a silent lie."""


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
    `scipy.special.`, `b.` for `builtins.`; any other spelling is taken as it is.

    >>> elementwise("sin(x)", "cos(x)", spellings="m.sin").spellings
    ('math.sin',)
    """
    name, _, rest = signature.partition("(")
    args = tuple(part.strip() for part in rest.rstrip(")").split(","))
    call = python or f"{name}({', '.join(f'{{{i}}}' for i in range(len(args)))})"
    modules = {"m": "math", "n": "numpy", "s": "scipy.special", "b": "builtins"}
    spelled = tuple(
        f"{modules[s[0]]}{s[1:]}" if s[1:2] == "." and s[0] in modules else s for s in spellings.split()
    )
    return Elementwise(name, args, partials, call, spelled, sample or (ANY,) * len(args), singular, note)


ARITHMETIC = (
    elementwise("add(a, b)", "1", "1", python="{0} + {1}", spellings="n.add"),
    elementwise("subtract(a, b)", "1", "-1", python="{0} - {1}", spellings="n.subtract"),
    elementwise("multiply(a, b)", "b", "a", python="{0} * {1}", spellings="n.multiply"),
    elementwise(
        "divide(a, b)",
        "1 / b",
        "-(y / b)",
        python="{0} / {1}",
        spellings="n.divide n.true_divide",
        sample=(ANY, (0.5, 2.0)),
    ),
    elementwise("negative(x)", "-1", python="-{0}", spellings="n.negative"),
    elementwise("positive(x)", "1", python="+{0}", spellings="n.positive n.conjugate n.real"),
    elementwise(
        "power(a, b)",
        "(0 if a == 0 else b * float_power(a, b - 1)) if b == 0 else b * power(a, b - 1)",
        "0 if y == 0 else y * log(a)",
        python="{0} ** {1}",
        spellings="n.power n.pow b.pow",
        sample=(POSITIVE, ANY),
        singular=True,
        note="x**0 has slope 0 everywhere; 0**b has slope 0 in b for b > 0; NaN in b for a < 0. The two "
        "calls to a power differ in name so that emitted code computes only the one it needs",
    ),
    elementwise(
        "float_power(a, b)",
        "(0 if a == 0 else b * power(a, b - 1)) if b == 0 else b * float_power(a, b - 1)",
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
    elementwise("muladd(a, b, c)", "b", "a", "1", note="a * b + c; for sums of derivatives"),
    elementwise(
        "absolute(x)", "sign(x)", python="abs({0})", spellings="n.absolute n.abs n.fabs m.fabs b.abs"
    ),
    elementwise("square(x)", "2 * x", spellings="n.square", python="{0} ** 2"),
    elementwise(
        "reciprocal(x)", "-y * y", spellings="n.reciprocal", python="1.0 / {0}", sample=((0.5, 2.0),)
    ),
    elementwise(
        "remainder(a, b)",
        "1",
        "-floor_divide(a, b)",
        python="{0} % {1}",
        spellings="n.remainder n.mod",
        sample=((2.1, 2.9), (1.1, 1.9)),
    ),
    elementwise(
        "fmod(a, b)",
        "1",
        "-rint((a - y) / b)",
        spellings="m.fmod n.fmod",
        sample=((2.1, 2.9), (1.1, 1.9)),
    ),
    elementwise(
        "ieee_remainder(a, b)",
        "1",
        "-rint((a - y) / b)",
        spellings="m.remainder",
        sample=((2.1, 2.4), (1.1, 1.3)),
        note="the remainder nearest to 0",
    ),
    elementwise(
        "ldexp(a, n)",
        "2.0 ** n",
        "0",
        python="math.ldexp({0}, {1})",
        spellings="m.ldexp n.ldexp",
        note="n is a whole number",
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
        sample=((-0.9, 9.0),),
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
        spellings="m.asin n.arcsin n.asin",
        sample=(UNIT,),
        singular=True,
    ),
    elementwise(
        "arccos(x)",
        "-1 / sqrt((1 - x) * (1 + x))",
        python="math.acos({0})",
        spellings="m.acos n.arccos n.acos",
        sample=(UNIT,),
        singular=True,
    ),
    elementwise("arctan(x)", "1 / (1 + x * x)", python="math.atan({0})", spellings="m.atan n.arctan n.atan"),
    elementwise(
        "arctan2(a, b)",
        "b / hypot(a, b) / hypot(a, b)",
        "-a / hypot(a, b) / hypot(a, b)",
        python="math.atan2({0}, {1})",
        spellings="m.atan2 n.arctan2 n.atan2",
        singular=True,
        note="a*a + b*b would overflow; NaN at the origin",
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
    elementwise(
        "arcsinh(x)", "1 / hypot(x, 1)", python="math.asinh({0})", spellings="m.asinh n.arcsinh n.asinh"
    ),
    elementwise(
        "arccosh(x)",
        "1 / (sqrt(x - 1) * sqrt(x + 1))",
        python="math.acosh({0})",
        spellings="m.acosh n.arccosh n.acosh",
        sample=((1.2, 9.0),),
        singular=True,
    ),
    elementwise(
        "arctanh(x)",
        "1 / ((1 - x) * (1 + x))",
        python="math.atanh({0})",
        spellings="m.atanh n.arctanh n.atanh",
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
    elementwise("digamma(x)", "zeta(2, x)", spellings="s.psi s.digamma", sample=(POSITIVE,)),
    elementwise(
        "zeta(s, x)",
        UNKNOWN,
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
    elementwise(
        "polygamma(n, x)",
        "0",
        "polygamma(n + 1, x)",
        spellings="s.polygamma",
        sample=((1.0, 3.0), POSITIVE),
        note="n is a whole number, 1 or more",
    ),
    elementwise("log_expit(x)", "expit(-x)", spellings="s.log_expit"),
    elementwise(
        "log_ndtr(x)",
        "0.7978845608028654 / erfcx(-0.7071067811865476 * x)",
        spellings="s.log_ndtr",
        note="the density over ndtr would be 0 / 0 far to the left",
    ),
    elementwise(
        "ndtri(p)",
        "2.5066282746310002 * exp(y * y / 2)",
        spellings="s.ndtri",
        sample=((0.1, 0.9),),
    ),
    elementwise("erfinv(x)", "0.886226925452758 * exp(y * y)", spellings="s.erfinv", sample=(UNIT,)),
    elementwise("erfcinv(x)", "-0.886226925452758 * exp(y * y)", spellings="s.erfcinv", sample=((0.1, 1.9),)),
    elementwise(
        "erfcx(x)",
        "2 * x * y - 1.1283791670955126",
        spellings="s.erfcx",
        note="the slope loses digits as x * x grows",
    ),
    elementwise("dawsn(x)", "1 - 2 * x * y", spellings="s.dawsn"),
    elementwise("expi(x)", "exp(x) / x", spellings="s.expi", sample=(POSITIVE,)),
    elementwise("exp1(x)", "-exp(-x) / x", spellings="s.exp1", sample=(POSITIVE,)),
    elementwise("wrightomega(x)", "y / (1 + y)", spellings="s.wrightomega"),
    elementwise(
        "xlogy(a, b)", "log(b)", "mul0(a, 1 / b)", spellings="s.xlogy", sample=(ANY, POSITIVE), singular=True
    ),
    elementwise(
        "xlog1py(a, b)",
        "log1p(b)",
        "mul0(a, 1 / (1 + b))",
        spellings="s.xlog1py",
        sample=(ANY, (-0.9, 9.0)),
        singular=True,
    ),
    elementwise("entr(x)", "-log(x) - 1", spellings="s.entr", sample=(POSITIVE,), singular=True),
    elementwise(
        "rel_entr(a, b)",
        "log(a / b) + 1",
        "-a / b",
        spellings="s.rel_entr",
        sample=(POSITIVE, POSITIVE),
        singular=True,
    ),
    elementwise(
        "kl_div(a, b)",
        "log(a / b)",
        "1 - a / b",
        spellings="s.kl_div",
        sample=(POSITIVE, POSITIVE),
        singular=True,
    ),
    elementwise(
        "huber(d, r)",
        "0 if absolute(r) <= d else absolute(r) - d",
        "r if absolute(r) <= d else d * sign(r)",
        spellings="s.huber",
        sample=((0.5, 1.0), ANY),
    ),
    elementwise(
        "pseudo_huber(d, r)",
        "2 * y / d - r * r / (d * hypot(1, r / d))",
        "r / hypot(1, r / d)",
        spellings="s.pseudo_huber",
        sample=((0.5, 2.0), ANY),
    ),
    elementwise(
        "gammainc(a, x)",
        UNKNOWN,
        "exp(xlogy(a - 1, x) - x - lgamma(a))",
        spellings="s.gammainc",
        sample=(POSITIVE, POSITIVE),
        note="its slope in a has no closed form: NaN",
    ),
    elementwise(
        "gammaincc(a, x)",
        UNKNOWN,
        "-exp(xlogy(a - 1, x) - x - lgamma(a))",
        spellings="s.gammaincc",
        sample=(POSITIVE, POSITIVE),
        note="its slope in a has no closed form: NaN",
    ),
    elementwise(
        "betainc(a, b, x)",
        UNKNOWN,
        UNKNOWN,
        "exp(xlogy(a - 1, x) + xlog1py(b - 1, -x) - betaln(a, b))",
        spellings="s.betainc",
        sample=(POSITIVE, POSITIVE, (0.1, 0.9)),
        note="its slopes in a and b have no closed form: NaN",
    ),
    elementwise(
        "binom(n, k)",
        "y * (digamma(n + 1) - digamma(n - k + 1))",
        "y * (digamma(n - k + 1) - digamma(k + 1))",
        spellings="s.binom",
        sample=((4.1, 9.0), (0.6, 2.9)),
    ),
    elementwise(
        "poch(x, m)",
        "y * (digamma(x + m) - digamma(x))",
        "y * digamma(x + m)",
        spellings="s.poch",
        sample=(POSITIVE, (0.5, 3.0)),
    ),
)

BESSEL = (
    elementwise("j0(x)", "-j1(x)", spellings="s.j0", sample=(POSITIVE,)),
    elementwise(
        "j1(x)",
        "0.5 if x == 0 else j0(x) - y / x",
        spellings="s.j1",
        sample=(POSITIVE,),
        note="exactly at 0, right to second order",
    ),
    elementwise("y0(x)", "-y1(x)", spellings="s.y0", sample=(POSITIVE,)),
    elementwise("y1(x)", "y0(x) - y / x", spellings="s.y1", sample=(POSITIVE,)),
    elementwise("i0(x)", "i1(x)", spellings="s.i0 n.i0"),
    elementwise(
        "i1(x)",
        "0.5 if x == 0 else i0(x) - y / x",
        spellings="s.i1",
        sample=(POSITIVE,),
        note="exactly at 0, right to second order",
    ),
    elementwise("i0e(x)", "i1e(x) - sign(x) * y", spellings="s.i0e", note="a kink at 0: slope 0 there"),
    elementwise(
        "i1e(x)",
        "0.5 if x == 0 else i0e(x) - y * (sign(x) + 1 / x)",
        spellings="s.i1e",
        sample=(POSITIVE,),
    ),
    elementwise("k0(x)", "-k1(x)", spellings="s.k0", sample=(POSITIVE,)),
    elementwise("k1(x)", "-k0(x) - y / x", spellings="s.k1", sample=(POSITIVE,)),
    elementwise("k0e(x)", "y - k1e(x)", spellings="s.k0e", sample=(POSITIVE,)),
    elementwise("k1e(x)", "y * (1 - 1 / x) - k0e(x)", spellings="s.k1e", sample=(POSITIVE,)),
    elementwise(
        "jv(v, x)",
        UNKNOWN,
        "0.5 * (jv(v - 1, x) - jv(v + 1, x))",
        spellings="s.jv",
        sample=(ANY, POSITIVE),
        note="NaN in the order v",
    ),
    elementwise(
        "yv(v, x)",
        UNKNOWN,
        "0.5 * (yv(v - 1, x) - yv(v + 1, x))",
        spellings="s.yv",
        sample=(ANY, POSITIVE),
        note="NaN in the order v",
    ),
    elementwise(
        "iv(v, x)",
        UNKNOWN,
        "0.5 * (iv(v - 1, x) + iv(v + 1, x))",
        spellings="s.iv",
        sample=(ANY, POSITIVE),
        note="NaN in the order v",
    ),
    elementwise(
        "kv(v, x)",
        UNKNOWN,
        "-0.5 * (kv(v - 1, x) + kv(v + 1, x))",
        spellings="s.kv",
        sample=(ANY, POSITIVE),
        note="NaN in the order v",
    ),
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
    _flat("round_digits(x, n)", "round({0}, {1})"),
    _flat("signbit(x)", "(math.copysign(1.0, {0}) < 0.0)", "n.signbit"),
    _flat("both(a, b)", "(bool({0}) and bool({1}))", "n.logical_and"),
    _flat("either(a, b)", "(bool({0}) or bool({1}))", "n.logical_or"),
    _flat("logical_xor(a, b)", "(bool({0}) != bool({1}))", "n.logical_xor"),
    _flat("gcd(a, b)", "math.gcd({0}, {1})", "m.gcd n.gcd"),
    _flat("range_length(a, b, c)", "len(range({0}, {1}, {2}))"),
    _flat("segment_passes(n, a, b, m)", "segment_passes({0}, {1}, {2}, {3})"),
    _flat("snapshot_room(n, a, b, m)", "snapshot_room({0}, {1}, {2}, {3})"),
    _flat("snapshot_split(n, a, b, m)", "snapshot_split({0}, {1}, {2}, {3})"),
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
    _flat("left_shift(a, b)", "{0} << {1}", "n.left_shift n.bitwise_left_shift"),
    _flat("right_shift(a, b)", "{0} >> {1}", "n.right_shift n.bitwise_right_shift"),
    _flat("invert(x)", "~{0}", "n.invert n.bitwise_not n.bitwise_invert"),
    _flat("isnan(x)", "math.isnan({0})", "m.isnan n.isnan"),
    _flat("isinf(x)", "math.isinf({0})", "m.isinf n.isinf"),
    _flat("isfinite(x)", "math.isfinite({0})", "m.isfinite n.isfinite"),
)

ROWS = ARITHMETIC + POWERS + TRIGONOMETRY + SPECIAL + BESSEL + PIECEWISE_CONSTANT
