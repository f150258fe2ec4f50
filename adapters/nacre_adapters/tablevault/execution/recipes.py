"""What identifies how a builder makes its columns: its file, its code, what it reads elsewhere.

A builder with the recipe of before makes the same columns of the same rows, as far as its function
does. How fast it makes them, in how many threads, is no part of it.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence

from nacre_adapters.tablevault.builders.definition import Definition

Recipes = Sequence[tuple[str, str]]
"""Names of builders and their recipes, in the order in which they run."""

_NO_PART = {"name", "n_threads", "executor", "checkpoint_seconds"}
_HEX_DIGITS = 32


def recipe_of(definition: Definition, source: str | None, contents: Sequence[str]) -> str:
    """Return the recipe of a builder.

    *definition* is as its file says, *source* the text of its module if that is one of the vault's,
    *contents* what identifies all that it is known to read of other tables.
    """
    # Defaults are left out, so that a key that is new in a later version changes no recipe.
    said = definition.model_dump(exclude=_NO_PART, exclude_defaults=True)
    text = json.dumps([_plain(said), source, sorted(contents)])
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()[:_HEX_DIGITS]


def _plain(value: object) -> object:
    """Return what is equal for equal values of a YAML file, whatever the order of their keys."""
    if isinstance(value, Mapping):
        return sorted([repr(key), _plain(each)] for key, each in value.items())
    if isinstance(value, list):
        return ["list", *map(_plain, value)]
    return repr(value)
