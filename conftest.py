"""What pytest leaves out: doctests of modules for a library that is not installed here."""

from importlib.util import find_spec

OPTIONAL = {
    "jax": ["src/downslope/jax.py", "src/downslope/interop/jax_function.py"],
    "torch": ["src/downslope/torch.py", "src/downslope/interop/torch_function.py"],
}
collect_ignore = [path for name, paths in OPTIONAL.items() if find_spec(name) is None for path in paths]
