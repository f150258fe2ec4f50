"""What a run will do, known before code of a user runs: the builders in order, and their code."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

from nacre_adapters.tablevault.builders.code import Code, Function, built_in_modules
from nacre_adapters.tablevault.builders.definition import (
    GENERATOR,
    PROCESS,
    Definition,
    read_definition,
    resolved,
)
from nacre_adapters.tablevault.builders.graph import ordered
from nacre_adapters.tablevault.builders.tokens import Tokens
from nacre_adapters.tablevault.errors import FileMissing, TVBuilderError
from nacre_adapters.tablevault.execution.recipes import Recipes, recipe_of
from nacre_adapters.tablevault.execution.types import type_names
from nacre_adapters.tablevault.references.errors import ReferenceMissing
from nacre_adapters.tablevault.references.reading import Reading, readings
from nacre_adapters.tablevault.references.resolver import Read, Resolver, Tables
from nacre_adapters.tablevault.references.sources import Source
from nacre_adapters.tablevault.references.syntax import INDEX


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One builder, ready to run."""

    definition: Definition
    recipe: str
    """What identifies how it makes its columns, of itself and of what it reads elsewhere."""

    code: Code
    function: Function | None
    """What the code names; None when it is only loaded in processes of its own."""

    types: Mapping[str, str]
    reads: tuple[Read, ...]
    """What it is known to read of other tables."""

    is_clear: bool
    """Whether that is all of it."""

    @property
    def name(self) -> str:
        """The name of the builder."""
        return self.definition.name


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The builders of an instance, in the order in which they run; the first makes the rows."""

    table: str
    steps: tuple[Step, ...]

    @property
    def recipes(self) -> Recipes:
        """The recipe of each builder, in order."""
        return [(step.name, step.recipe) for step in self.steps]

    @property
    def modules(self) -> dict[str, str]:
        """The text of each code module of the vault that is used."""
        codes = [step.code for step in self.steps]
        return {code.module: code.source for code in codes if code.source is not None}


def planned(
    table: str,
    texts: Mapping[str, str],
    *,
    tokens: Tokens,
    tables: Tables,
    module: Callable[[str], str],
) -> Plan:
    """Return the plan of the builders *texts*, by name; *module* returns the text of a module.

    Raises:
        TVBuilderError: a builder cannot be used as it is written, or they do not fit together.
        TVFileError: a module or function is missing.
        TableReferenceError: a reference is not written as one, or refers to nothing.
        TVTableError: a type is not known.
    """
    raw = {name: read_definition(name, text) for name, text in texts.items()}
    resolver = Resolver(tables, _no_rows)
    definitions = [
        resolved(read_definition(name, text, tokens), resolver.resolve)
        for name, text in texts.items()
    ]
    steps = [
        _step(definition, raw[definition.name], tables, module)
        for definition in ordered(table, definitions)
    ]
    # All are loaded now, so that a mistake in any of them shows before the first has run.
    return Plan(table=table, steps=tuple(replace(step, function=_function(step)) for step in steps))


def _step(
    definition: Definition, raw: Definition, tables: Tables, module: Callable[[str], str]
) -> Step:
    if definition.executor == PROCESS and definition.return_type == GENERATOR:
        raise TVBuilderError(
            f"{definition.name}.yaml, key 'executor': a generator cannot run in another process: "
            "set return_type to row-wise or dataframe"
        )
    name = definition.code_module.removesuffix(".py")
    code = Code(
        module=name,
        function=definition.python_function,
        source=_source(definition.is_custom, name, module),
    )
    elsewhere = [
        each
        for each in readings([raw.arguments, raw.references()])
        if each.reference.table is not None
    ]
    reads = tuple(dict.fromkeys(_reads(definition, elsewhere, tables)))
    return Step(
        definition=definition,
        recipe=recipe_of(raw, code.source, _contents(reads, tables)),
        code=code,
        function=None,
        types=type_names(definition.outputs, definition.dtypes),
        reads=reads,
        is_clear=definition.dependencies is not None or all(each.is_clear for each in elsewhere),
    )


def _function(step: Step) -> Function | None:
    if step.definition.executor != PROCESS:
        return step.code.load()
    step.code.check()
    return None


def _source(is_custom: object, name: str, module: Callable[[str], str]) -> str | None:
    """Return the text of a module of the vault; None for one that comes with the adapter.

    Raises:
        TVFileError: there is none.
    """
    if is_custom is not None:
        return module(name) if is_custom else None
    try:
        return module(name)
    except FileMissing:
        if name in built_in_modules():
            return None
        raise


def _reads(definition: Definition, elsewhere: Iterable[Reading], tables: Tables) -> Iterable[Read]:
    """Yield what a builder says that it reads, else what its references show."""
    if definition.dependencies is not None:
        for each in definition.dependencies:
            if not each.is_self:
                yield from _columns(tables, each.table, each.version, each.columns or ())
        return
    for reading in elsewhere:
        if reading.table is not None and reading.is_clear:
            columns = [name for name in reading.columns if name != INDEX]
            yield from _columns(tables, reading.table, reading.version, columns)


def _columns(tables: Tables, table: str, version: str, columns: Iterable[str]) -> Iterable[Read]:
    try:
        instance_id = tables.find(table, version)
    except KeyError as error:
        name = f"{table}({version})" if version else table
        raise ReferenceMissing(f"<<{name}>> refers to nothing: {error}") from error
    return [Read(table, instance_id, column) for column in columns or ("",)]


def _contents(reads: Iterable[Read], tables: Tables) -> list[str]:
    """Return what identifies all that is read.

    Raises:
        ReferenceMissing: there is no such column.
    """
    try:
        return [
            f"{read.table!r} {read.column!r} "
            + tables.content(read.table, read.instance_id, read.column)
            for read in reads
        ]
    except KeyError as error:
        raise ReferenceMissing(str(error)) from error


def _no_rows() -> Source:
    raise ReferenceMissing(
        "self has no rows yet when keys other than arguments are resolved: use it in arguments"
    )
