"""Imports point up the way of the data, and never in a circle; `import downslope` loads nothing heavy."""

import ast
import graphlib
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

import downslope

ROOT = Path(downslope.__file__).parent
ORDER = (
    "errors", "ir", "rules", "read", "passes", "modes", "math", "emit", "native", "data", "calculus", "fitting",
    "learn", "report", "interop", "serve", "sklearn", "jax", "torch", "plot", "demo", "commands", "cli",
    "cli_page", "__init__",
)  # fmt: skip
HEAVY = (
    "numba",
    "scipy",
    "sympy",
    "pandas",
    "matplotlib",
    "pyarrow",
    "duckdb",
    "typer",
    "rich",
    "numpy",
    "pydantic",
    "sqlalchemy",
    "river",
)
Texts = Mapping[str, str]


def texts() -> Texts:
    """The text of every module of the package, by dotted name without the package's."""
    names = {path: ".".join(path.relative_to(ROOT).with_suffix("").parts) for path in ROOT.rglob("*.py")}
    return {name.removesuffix(".__init__"): path.read_text() for path, name in names.items()}


def imported(text: str, modules: Texts) -> Iterator[str]:
    """Our modules that a text imports, also inside functions and for type checkers."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, "imports are absolute"
            names = [str(node.module), *(f"{node.module}.{alias.name}" for alias in node.names)]
        else:
            continue
        for name in names:
            inner = name.removeprefix("downslope.")
            if name != inner and inner in modules:
                yield inner


def downward(modules: Texts) -> list[str]:
    """The imports that point down the way of the data."""

    def place(name: str) -> int:
        return ORDER.index(name.partition(".")[0])

    pairs = [(name, target) for name, text in modules.items() for target in imported(text, modules)]
    return [f"{name} imports {target}" for name, target in pairs if place(target) > place(name)]


def ordered(modules: Texts) -> list[str]:
    """The modules, each after those it imports; raises `CycleError` where there is a circle."""
    graph = {name: set(imported(text, modules)) - {name} for name, text in modules.items()}
    # A package's own module is loaded with each of its parts; what it imports is no circle by that.
    return list(graphlib.TopologicalSorter(graph).static_order())


def test_every_part_has_its_place_in_the_order() -> None:
    assert {name.partition(".")[0] for name in texts()} <= set(ORDER)


def test_imports_point_up_the_way_of_the_data() -> None:
    assert downward(texts()) == []


def test_no_import_goes_in_a_circle() -> None:
    assert len(ordered(texts())) == len(texts())


@pytest.mark.parametrize(
    "line",
    ["import downslope.modes.dual", "from downslope.modes import dual", "def f():\n    from downslope.modes.dual import x"],
)  # fmt: skip
def test_a_wrong_direction_is_found(line: str) -> None:
    modules = {"ir.nodes": line, "modes.dual": ""}
    assert downward(modules) == ["ir.nodes imports modes.dual"]
    assert downward({"ir.nodes": "", "modes.dual": "import downslope.ir.nodes"}) == []


def test_a_circle_is_found() -> None:
    modules = {"ir.nodes": "def f():\n    import downslope.ir.names", "ir.names": "import downslope.ir.nodes"}
    with pytest.raises(graphlib.CycleError):
        ordered(modules)


def loaded(statement: str) -> set[str]:
    """The heavy packages that a new process has after a statement."""
    code = f"import sys\n{statement}\nprint(*(m for m in {HEAVY!r} if m in sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120
    )
    return set(done.stdout.split())


def test_the_import_is_light() -> None:
    assert loaded("import downslope") == set()
    assert loaded("import downslope, numba") >= {"numba", "numpy"}  # the test can fail


def test_the_command_line_starts_light() -> None:
    assert loaded("import downslope.cli") <= {"typer", "rich", "numpy"}
