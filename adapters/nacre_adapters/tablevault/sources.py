"""Builders and code modules as callers give them: names, texts, files, folders of files."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import nacre
from nacre import Digest
from nacre_adapters.tablevault.errors import TVArgumentError, TVFileError
from nacre_adapters.tablevault.names import file_stem_of
from nacre_adapters.tablevault.templates import MODULE, builder_template

MODULE_SUFFIX = ".py"
_BUILDER_SUFFIXES = (".yaml", ".yml")

Texts = dict[str, str]


def module_texts(module_name: str, copy_dir: str, text: str) -> Texts:
    """Return the modules to keep: one of a text or a file, or all of a folder.

    Raises:
        TVArgumentError: neither a name nor a path is given.
        TVFileError: there is no Python file at the path.
    """
    if not module_name and not copy_dir:
        raise TVArgumentError("One of module_name and copy_dir needs to be filled")
    if not copy_dir:
        name = file_stem_of("the name of a module", module_name, MODULE_SUFFIX)
        return {name: text or MODULE}
    found = _copied("a module", copy_dir, (MODULE_SUFFIX,))
    if module_name and len(found) == 1:
        return {
            file_stem_of("the name of a module", module_name, MODULE_SUFFIX): next(
                iter(found.values())
            )
        }
    return found


def builder_texts(table: str, builder_name: str, copy_dir: str, text: str) -> Texts:
    """Return the builders to write: one of a text or a file, or all of a folder.

    Raises:
        TVFileError: there is no YAML file at the path, or the name is that of an index builder of
            another table.
    """
    if copy_dir:
        found = _copied("a builder", copy_dir, _BUILDER_SUFFIXES)
        if builder_name and len(found) == 1:
            found = {_builder_name(builder_name): next(iter(found.values()))}
    else:
        name = _builder_name(builder_name or f"{table}_index")
        found = {name: text or builder_template(table, name)}
    _check_index_names(table, found)
    return found


def listed_builders(table: str, builders: object) -> Texts:
    """Return the builders that `create_instance` is given: names, paths, or texts by name.

    Raises:
        TVArgumentError: it is neither a list nor a dict.
        TVFileError: a path leads to no builder.
    """
    if isinstance(builders, Mapping):
        found = {
            _builder_name(str(name)): str(text or builder_template(table, str(name)))
            for name, text in builders.items()
        }
    elif isinstance(builders, Sequence) and not isinstance(builders, str):
        found = {}
        for each in map(str, builders):
            if each.endswith(_BUILDER_SUFFIXES):
                found |= _copied("a builder", each, _BUILDER_SUFFIXES)
            else:
                found[_builder_name(each)] = builder_template(table, each)
    else:
        raise TVArgumentError(
            f"builders is a {type(builders).__name__}: give a list of names or a dict of texts"
        )
    _check_index_names(table, found)
    return found


def put_texts(vault: nacre.Vault, texts: Texts) -> dict[str, Digest]:
    """Store texts as blobs.

    Raises:
        TVFileError: what was given is no text that could be stored.
    """
    found = {}
    for name, text in texts.items():
        try:
            found[name] = vault.put(text.encode())
        except (AttributeError, UnicodeEncodeError) as error:
            raise TVFileError(f"the text of {name} cannot be stored: {error}") from error
    return found


def _copied(what: str, given: str, suffixes: tuple[str, ...]) -> Texts:
    path = Path(given)
    if path.is_dir():
        files = sorted(each for each in path.iterdir() if each.suffix in suffixes)
    elif path.is_file() and path.suffix in suffixes:
        files = [path]
    else:
        files = []
    if not files:
        wanted = " or ".join(suffixes)
        raise TVFileError(f"could not copy {what} path {given}: there is no {wanted} file")
    return {file_stem_of(what, file.stem, ""): _read(file) for file in files}


def _read(file: Path) -> str:
    try:
        return file.read_text()
    except (OSError, UnicodeDecodeError) as error:
        raise TVFileError(f"could not copy {file}: {error}") from error


def _builder_name(name: str) -> str:
    for suffix in _BUILDER_SUFFIXES:
        name = name.removesuffix(suffix)
    return file_stem_of("the name of a builder", name, "")


def _check_index_names(table: str, builders: Iterable[str]) -> None:
    for name in builders:
        if name.endswith("_index") and name != f"{table}_index":
            raise TVFileError(
                f"Only index builder name {table}_index is allowed in {table}: rename {name}"
            )
