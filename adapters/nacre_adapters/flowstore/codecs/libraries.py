"""Codecs that need a library: which, in which module, and what to install when it is missing."""

import importlib
from types import ModuleType
from typing import NamedTuple

from nacre.errors import PackageMissing
from nacre_adapters.flowstore.codecs.nodes import Codec

_PACKAGE = "nacre_adapters.flowstore.codecs"


class Library(NamedTuple):
    """One library: the module beside this one that knows it, and the extra that brings it."""

    module: str
    extra: str
    tags: tuple[str, ...]


LIBRARIES = {
    "polars": Library("polars", "polars", ("polars-frame", "polars-series")),
    "scipy": Library("scipy_sparse", "sklearn", ("sparse",)),
    "sklearn": Library("sklearn", "sklearn", ("sklearn",)),
    "xgboost": Library("xgboost", "xgboost", ("xgboost",)),
    "lightgbm": Library("lightgbm", "lightgbm", ("lightgbm",)),
    "torch": Library("torch", "torch", ("tensor",)),
    "plotly": Library("plotly", "plotly", ("plotly",)),
    "matplotlib": Library("matplotlib", "pictures", ()),
    "PIL": Library("pillow", "images", ("image",)),
}
"""By the package that an object's class comes from. Data never chooses what is imported."""

_OF_TAG = {tag: library for library in LIBRARIES.values() for tag in library.tags}


def library_of(kind: type) -> str | None:
    """Return the library that a class, or one that it derives from, is of."""
    roots = (base.__module__.partition(".")[0] for base in kind.__mro__)
    return next((root for root in roots if root in LIBRARIES), None)


def codec_of(value: object) -> Codec | None:
    """Return the codec of an object of a library; None when there is none for it.

    Raises:
        PackageMissing: there is one, and what it needs is not installed.
    """
    library = library_of(type(value))
    if library is None:
        return None
    codecs: tuple[Codec, ...] = _load(LIBRARIES[library]).CODECS
    return next((codec for codec in codecs if codec.takes(value)), None)


def codec_of_tag(tag: str) -> Codec | None:
    """Return the codec of a tag; None when no library has it.

    Raises:
        PackageMissing: what it needs is not installed.
    """
    library = _OF_TAG.get(tag)
    if library is None:
        return None
    codecs: tuple[Codec, ...] = _load(library).CODECS
    return next((codec for codec in codecs if codec.tag == tag), None)


def _load(library: Library) -> ModuleType:
    try:
        return importlib.import_module(f"{_PACKAGE}.{library.module}")
    except ModuleNotFoundError as error:
        raise PackageMissing(
            f"the package {error.name} is needed for this object: "
            f"pip install 'nacre[{library.extra}]'"
        ) from error
