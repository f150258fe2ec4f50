"""With what an attempt worked: the digest of its code, the versions of Python and of packages."""

import json
import platform
import sys
from collections.abc import Mapping
from dataclasses import dataclass

import nacre
from nacre.hashing import Digest
from nacre_adapters.flowstore.place import Place
from nacre_adapters.flowstore.views.lineage import Thing


@dataclass(frozen=True, slots=True, kw_only=True)
class Making:
    """The attempt that made a thing, and with what."""

    flow: str
    step: str
    attempt: int
    code: str | None
    """A digest of the code of the step; None when nobody gave one."""

    python: str | None
    """None, as the packages are empty, when the attempt never ended."""

    packages: Mapping[str, str]
    """Versions by the names that modules are imported by: those that were loaded at its end."""


def record_of_packages(vault: nacre.Vault) -> Digest:
    """Store what this process has loaded, and return the digest: one blob for equal ones."""
    loaded = {"python": platform.python_version(), "packages": _versions()}
    return vault.put(json.dumps(loaded, sort_keys=True).encode())


def making_of(place: Place, thing: Thing) -> Making | None:
    """Return which attempt made a thing, and with what; None when none did."""
    doer = place.reads.writer(thing)
    if doer is None:
        return None
    code, packages = place.reads.made_with(doer)
    loaded = {} if packages is None else json.loads(place.vault.get(packages))
    return Making(
        flow=doer.flow,
        step=doer.step,
        attempt=doer.attempt,
        code=code,
        python=loaded.get("python"),
        packages=loaded.get("packages", {}),
    )


def _versions() -> dict[str, str]:
    """Return the versions that modules state of themselves, without looking at any file."""
    names = {name for name in list(sys.modules) if "." not in name and not name.startswith("_")}
    found = {}
    for name in sorted(names - sys.stdlib_module_names):
        version = getattr(sys.modules.get(name), "__dict__", {}).get("__version__")
        if isinstance(version, str):
            found[name] = version
    return found
