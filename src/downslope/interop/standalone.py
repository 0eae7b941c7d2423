"""Emitted text -> text that stands alone: helpers written out, and arithmetic that does not raise."""

import ast
import inspect
import re
import textwrap
from collections.abc import Iterable

from downslope.errors import UnsupportedError
from downslope.native import runtime
from downslope.native.special import CYTHON, SPECIAL

NUMPY = {
    "acos": "arccos", "acosh": "arccosh", "asin": "arcsin", "atanh": "arctanh",
    **{n: n for n in "cos cosh exp expm1 hypot ldexp log log10 log1p log2 sin sinh sqrt tan".split()},
}  # fmt: skip
"""Functions of `math` that raise for some numbers -> those of NumPy that give infinity or NaN there."""
SCIPY = {"gamma": "gamma", "lgamma": "gammaln"}
"""The same, of SciPy."""
OPERATORS = {ast.Div: ("operator.truediv", "np.divide"), ast.Pow: ("pow", "np.float_power")}
SAFE = '''
def _safe(exact, other, *args):
    """exact(*args); where Python raises, what floating point gives: infinity or NaN."""
    try:
        result = exact(*args)
    except (ArithmeticError, ValueError):
        with np.errstate(all="ignore"):
            result = float(other(*map(float, args)))
    return math.nan if isinstance(result, complex) else result
'''


def rewritten(text: str, *, safe: bool) -> str:
    r"""Emitted code whose helpers have a leading underscore, as no name of a program has.

    With `safe`, a division, power or function of `math` that may raise is one that does not. Each line
    of emitted code is a statement or the head of one, so comments stay where they are.

    >>> print(rewritten("def f(x):\n    # 1: user's line\n    return expit(x) / x", safe=True))
    def f(x):
        # 1: user's line
        return _safe(operator.truediv, np.divide, _expit(x), x)
    """
    return "\n".join(_line(line, _Rewrite(safe)) for line in text.splitlines())


def _line(line: str, rewrite: ast.NodeTransformer) -> str:
    code = line.lstrip()
    if not code or code.startswith("#") or code in ("else:", "break"):
        return line
    whole = f"{code} pass" if code.endswith(":") else code
    node = ast.parse(f"def _():\n {whole}" if code.startswith("return") else whole).body[0]
    new = ast.unparse(ast.fix_missing_locations(rewrite.visit(node)))
    if code.startswith("return"):
        new = textwrap.dedent(new.partition("\n")[2])
    return line[: len(line) - len(code)] + new.partition("\n")[0]


class _Rewrite(ast.NodeTransformer):
    def __init__(self, safe: bool) -> None:
        self.safe = safe

    def visit_Call(self, node: ast.Call) -> ast.expr:  # the name ast requires
        self.generic_visit(node)
        match node.func:
            case ast.Name(id=name) if name in runtime.NAMES or name in SPECIAL:
                return ast.Call(ast.Name(f"_{name}"), node.args, node.keywords)
            case ast.Attribute(value=ast.Name(id="math"), attr=name) if self.safe and name in NUMPY:
                return _call("_safe", f"math.{name}", f"np.{NUMPY[name]}", *node.args)
            case ast.Attribute(value=ast.Name(id="math"), attr=name) if self.safe and name in SCIPY:
                return _call("_safe", f"math.{name}", f"_scipy_{SCIPY[name]}", *node.args)
        return node

    def visit_BinOp(self, node: ast.BinOp) -> ast.expr:  # the name ast requires
        self.generic_visit(node)
        functions = OPERATORS.get(type(node.op)) if self.safe else None
        if functions is None or (isinstance(node.op, ast.Div) and _not_zero(node.right)):
            return node
        return _call("_safe", *functions, node.left, node.right)


def _not_zero(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and bool(node.value)


def _call(name: str, first: str, second: str, *args: ast.expr) -> ast.Call:
    functions = [ast.parse(text, mode="eval").body for text in (first, second)]
    return ast.Call(ast.Name(name), [*functions, *args], [])


def helpers(texts: Iterable[str], *, safe: bool, decorator: str = "") -> list[str]:
    """The text of every helper that some texts call, each after those it calls itself.

    Raises `UnsupportedError` for one that has no Python text and cannot be imported by Numba code.
    """
    found: dict[str, str] = {}
    for text in texts:
        for word in sorted(set(re.findall(r"\b_([a-z]\w*)\(", text))):
            _add(word, found, safe, decorator)
    return list(found.values())


def _add(name: str, found: dict[str, str], safe: bool, decorator: str) -> None:
    if name in found or (name not in runtime.NAMES and name not in SPECIAL):
        return
    if name in SPECIAL:
        found[name] = _of_scipy(name, bool(decorator))
        return
    node = ast.parse(textwrap.dedent(inspect.getsource(runtime.NAMES[name]))).body[0]  # type: ignore[arg-type]
    assert isinstance(node, ast.FunctionDef)
    node.decorator_list, node.returns, node.name = [], None, f"_{name}"
    for argument in node.args.args:
        argument.annotation = None
    text = ast.unparse(ast.fix_missing_locations(_Rewrite(safe).visit(node)))
    for word in re.findall(r"\b_([a-z]\w*)\(", text):
        if word != name:
            _add(word, found, safe, decorator)
    if "BERNOULLI" in text:
        found["BERNOULLI"] = f"BERNOULLI = {runtime.BERNOULLI!r}"
    found[name] = f"{decorator}{text}"


def _of_scipy(name: str, numba: bool) -> str:
    if numba:
        raise UnsupportedError(
            f"an export of scipy.special.{CYTHON[name][0]} for Numba",
            why="Numba cannot call SciPy's special functions without downslope.",
            fix="leave --numba (numba=True) out; or use downslope.numba_gradient.",
        )
    return f"from scipy.special import {CYTHON[name][0]} as _{name}"
