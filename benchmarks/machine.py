"""What the figures were measured on."""

import os
import platform
from importlib import metadata
from pathlib import Path

PACKAGES = (
    "downslope", "numba", "llvmlite", "numpy", "scipy", "jax", "jaxlib", "torch", "autograd", "casadi",
)  # fmt: skip


def described() -> str:
    """Processor, cores, load and versions, on one line each."""
    load = os.getloadavg()[0]
    versions = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    return "\n".join(
        [
            f"processor: {processor()}, {os.cpu_count()} cores, load {load:.1f} at the start",
            f"system: {platform.system()} {platform.release()}, Python {platform.python_version()}",
            f"packages: {versions}",
        ]
    )


def version(package: str) -> str:
    """The installed version of a package."""
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "not installed"


def processor() -> str:
    """The processor's name."""
    file = Path("/proc/cpuinfo")
    lines = file.read_text().splitlines() if file.exists() else []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()
