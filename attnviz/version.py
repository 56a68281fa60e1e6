"""The version of attnviz, and of what it computes with: every file states them."""

from importlib.metadata import PackageNotFoundError, version

__version__ = "0.1.0"
_COMPUTE_WITH = ("torch", "transformers", "numpy")


def versions() -> dict[str, str]:
    """Package → version, without importing any of them."""
    found = {"attnviz": __version__}
    for package in _COMPUTE_WITH:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue  # weights that were given need none of them
    return found


def versions_text() -> str:
    """The versions in one line."""
    return ", ".join(f"{package} {number}" for package, number in versions().items())
