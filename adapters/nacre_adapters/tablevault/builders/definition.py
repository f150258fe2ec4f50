"""Builders as their files define them, validated: every error names file, line and key.

What may be a reference is text at first; `resolved` is the same definition without references.
"""

from collections.abc import Callable
from typing import Annotated, Literal, TypeAlias

from nacre.errors import PackageMissing

try:
    from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
    from pydantic_core import ErrorDetails
except ModuleNotFoundError as error:
    raise PackageMissing(
        "TableVault's builders need pydantic: pip install 'nacre[tablevault]'"
    ) from error

from nacre_adapters.tablevault.builders.document import Document, Path, read_document
from nacre_adapters.tablevault.builders.tokens import Tokens
from nacre_adapters.tablevault.errors import TVArgumentError, TVBuilderError
from nacre_adapters.tablevault.references.errors import ReferenceSyntaxError
from nacre_adapters.tablevault.references.parser import parse
from nacre_adapters.tablevault.references.syntax import SELF

INDEX_BUILDER, COLUMN_BUILDER = "IndexBuilder", "ColumnBuilder"
DATAFRAME, ROW_WISE, GENERATOR = "dataframe", "row-wise", "generator"
THREAD, PROCESS = "thread", "process"

_RESOLVABLE = (
    "changed_columns",
    "primary_key",
    "python_function",
    "code_module",
    "n_threads",
    "is_custom",
    "dtypes",
)


def _reference(value: object) -> object:
    if not isinstance(value, str) or parse(value).plain() is not None:
        raise ValueError("it is not a reference")
    return value


ReferenceText: TypeAlias = Annotated[str, BeforeValidator(_reference)]
Columns: TypeAlias = Annotated[list[str], Field(min_length=1)] | ReferenceText


def _as_list(value: object) -> object:
    return [] if value is None else value


def _as_dict(value: object) -> object:
    return {} if value is None else value


def _mapping_of(value: object) -> object:
    """Return what `table` or `table.column` means as a mapping."""
    if not isinstance(value, str):
        return value
    table, _, column = value.partition(".")
    return {"table": table, "columns": [column] if column else None}


class Dependency(BaseModel):
    """A table that a builder reads, said by hand."""

    model_config = ConfigDict(frozen=True)

    table: str
    columns: list[str] | None = None
    version: str = ""

    @property
    def is_self(self) -> bool:
        """Whether it is the instance that is being made."""
        return self.table == SELF


class Definition(BaseModel):
    """A builder. Keys that it does not know are ignored, as TableVault does."""

    model_config = ConfigDict(frozen=True)

    name: str
    builder_type: Literal["IndexBuilder", "ColumnBuilder"]
    changed_columns: Columns
    python_function: str
    code_module: str
    is_custom: bool | ReferenceText | None = None
    """Whether the module is one of the vault's. None: it is, if the vault has one of that name."""

    arguments: Annotated[dict[str, object], BeforeValidator(_as_dict)] = {}
    return_type: Literal["dataframe", "row-wise", "generator"] = "dataframe"
    n_threads: Annotated[int, Field(ge=1, le=1024)] | ReferenceText = 1
    executor: Literal["thread", "process"] = "thread"
    checkpoint_seconds: Annotated[float, Field(ge=0)] = 0.02
    """How much work of a row-wise builder or a generator a kill may cost; 0: one row."""

    dtypes: Annotated[dict[str, str], BeforeValidator(_as_dict)] = {}
    dependencies: list[Annotated[Dependency, BeforeValidator(_mapping_of)]] | None = None
    primary_key: Annotated[list[str] | ReferenceText, BeforeValidator(_as_list)] = []
    keep_old: bool = False

    @property
    def is_index(self) -> bool:
        """Whether it makes the rows."""
        return self.builder_type == INDEX_BUILDER

    @property
    def outputs(self) -> list[str]:
        """The columns that it makes; of a definition that is resolved."""
        return _resolved_list(self.name, "changed_columns", self.changed_columns)

    @property
    def keys(self) -> list[str]:
        """The columns that tell rows apart; of a definition that is resolved."""
        return _resolved_list(self.name, "primary_key", self.primary_key)

    @property
    def threads(self) -> int:
        """How many calls run at once; of a definition that is resolved."""
        assert isinstance(self.n_threads, int), self.n_threads
        return self.n_threads

    def references(self) -> list[object]:
        """Return all that may hold references and is no argument."""
        return [getattr(self, name) for name in _RESOLVABLE]


def read_definition(name: str, text: str, tokens: Tokens | None = None) -> Definition:
    """Return the builder *name* that a YAML file defines.

    Raises:
        TVBuilderError: it cannot be used as it is written; the message has line and key.
        ReferenceSyntaxError: a reference in it is not written as one.
    """
    document = read_document(f"{name}.yaml", text)
    data = document.data if tokens is None else tokens.replaced(document.data)
    _check_type(document)
    try:
        definition = Definition.model_validate({**data, "name": name})
    except ValidationError as error:
        raise _invalid(document, error) from error
    _check_references(document, definition)
    _check_keys(document, definition)
    return definition


def resolved(definition: Definition, resolve: Callable[[object], object]) -> Definition:
    """Return a definition without references outside of its arguments.

    Raises:
        TVBuilderError: what a reference resolves to cannot stand there.
    """
    values = {name: resolve(getattr(definition, name)) for name in _RESOLVABLE}
    if all(values[name] == getattr(definition, name) for name in _RESOLVABLE):
        found = definition
    else:
        data = {**definition.model_dump(), **{key: _plain(each) for key, each in values.items()}}
        try:
            found = Definition.model_validate(data)
        except ValidationError as error:
            problems = "; ".join(f"{_key(each)}: {each['msg']}" for each in error.errors())
            raise TVBuilderError(
                f"{definition.name}.yaml: what its references resolve to cannot be used: {problems}"
            ) from error
    missing = [key for key in found.keys if key not in found.outputs]
    if missing:
        raise TVArgumentError(_not_made(found.name, missing, found.outputs))
    return found


def _plain(value: object) -> object:
    """Return the values of a column as a list; anything else as it is."""
    columns = getattr(value, "columns", None)
    if columns is not None and hasattr(value, "iloc"):
        return [str(each) for each in value.iloc[:, 0]]
    return value


def _check_type(document: Document) -> None:
    if "builder_type" not in document.data:
        raise document.error(
            (), "the key 'builder_type' is missing: write IndexBuilder or ColumnBuilder"
        )


def _check_references(document: Document, definition: Definition) -> None:
    """Raise for a reference that is not written as one, and for those in keys."""
    for path, text in _strings((), document.data):
        try:
            template = parse(text)
        except ReferenceSyntaxError as error:
            where = document.where(path)
            raise ReferenceSyntaxError(text, error.place, error.problem, where) from None
        if path and template.plain() is None and path[0] not in (*_RESOLVABLE, "arguments"):
            raise document.error(path, "references cannot stand here")
    for key in definition.arguments:
        if parse(str(key)).plain() is None:
            raise document.error(("arguments", key), "references cannot stand in keys")


def _check_keys(document: Document, definition: Definition) -> None:
    keys, outputs = definition.primary_key, definition.changed_columns
    if isinstance(keys, str) or isinstance(outputs, str):
        return  # checked once they are resolved
    missing = [key for key in keys if key not in outputs and parse(key).plain() is not None]
    if missing:
        problem = document.error(("primary_key",), _not_made(definition.name, missing, outputs))
        raise TVArgumentError(str(problem))


def _not_made(name: str, missing: list[str], outputs: list[str]) -> str:
    return (
        f"the primary key {', '.join(missing)} is not made by {name}, whose changed_columns are "
        f"{', '.join(outputs)}"
    )


def _strings(path: Path, value: object) -> list[tuple[Path, str]]:
    if isinstance(value, str):
        return [(path, value)]
    if isinstance(value, dict):
        return [each for key, item in value.items() for each in _strings((*path, key), item)]
    if isinstance(value, list):
        return [each for place, item in enumerate(value) for each in _strings((*path, place), item)]
    return []


def _invalid(document: Document, error: ValidationError) -> TVBuilderError:
    """Return an error with one line for each key that is wrong."""
    problems: dict[Path, str] = {}
    for each in error.errors():
        path = _key(each)
        problems.setdefault(path[:-1] if each["type"] == "missing" else path, _problem(each))
    lines = [f"{document.where(path)}: {problem}" for path, problem in problems.items()]
    return TVBuilderError("\n".join(lines))


def _key(error: ErrorDetails) -> Path:
    """Return the keys that lead to what is wrong, without the alternatives of a union."""
    kept = [part for part in error["loc"] if not str(part).startswith(("function-", "constrained"))]
    known = {"bool", "int", "list[str]", "str", "float", "dict[str,any]"}
    return tuple(part for part in kept if part not in known)


def _problem(error: ErrorDetails) -> str:
    if error["type"] == "missing":
        return f"the key {str(error['loc'][-1])!r} is missing"
    if error["loc"] == ("return_type",):
        return f"return_type not recognized: {error['input']!r}: {error['msg']}"
    return f"{error['msg']}, found {error['input']!r}"


def _resolved_list(name: str, key: str, found: list[str] | str) -> list[str]:
    if isinstance(found, str):
        raise TVBuilderError(f"{name}.yaml, key {key!r}: {found!r} is not resolved to a list")
    return found
