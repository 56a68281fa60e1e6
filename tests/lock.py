"""Print every version that the tests run on: what `make lock` writes to constraints.txt.

What requirements-dev.txt names, what those need, and so on, as it is installed. Without
hashes and without a build's name (`+cpu`): torch's builds differ by index.
"""

from importlib.metadata import distribution
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).parents[1]
OTHER_BUILDS = ("nvidia-", "cuda-", "triton")  # what torch's CUDA builds bring with them
HEAD = "# Every version that the tests ran on. `make lock` writes it; requirements*.txt say why.\n"


def pinned(file: Path) -> list[Requirement]:
    """The requirements of a file and of the files that it names with `-r`."""
    found = []
    for line in file.read_text(encoding="utf-8").splitlines():
        if line.startswith("-r "):
            found += pinned(file.parent / line.removeprefix("-r "))
        elif line and not line.startswith("#"):
            found.append(Requirement(line))
    return found


def needed(wanted: Requirement) -> list[Requirement]:
    """What a requirement needs on this machine, without what only another one would need."""
    extras = wanted.extras or {""}
    found = [Requirement(line) for line in distribution(wanted.name).requires or ()]
    return [
        one
        for one in found
        if one.marker is None or any(one.marker.evaluate({"extra": extra}) for extra in extras)
    ]


def installed() -> dict[str, str]:
    """The versions of all that requirements-dev.txt leads to, by normalized name."""
    found: dict[str, str] = {}
    seen: set[str] = set()
    waiting = pinned(ROOT / "requirements-dev.txt")
    while waiting:
        one = waiting.pop()
        name = canonicalize_name(one.name)
        key = f"{name}[{','.join(sorted(one.extras))}]"
        if key in seen or name.startswith(OTHER_BUILDS):
            continue
        seen.add(key)
        found[name] = Version(distribution(name).version).public
        waiting += needed(one)
    return dict(sorted(found.items()))


if __name__ == "__main__":
    print(HEAD + "\n".join(f"{name}=={version}" for name, version in installed().items()))
