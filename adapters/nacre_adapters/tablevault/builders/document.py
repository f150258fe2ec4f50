"""YAML as data together with the line of every value, so that an error can name it."""

from collections.abc import Mapping
from dataclasses import dataclass

from nacre.errors import PackageMissing

try:
    import yaml
except ModuleNotFoundError as error:
    raise PackageMissing(
        "TableVault's builders need PyYAML: pip install 'nacre[tablevault]'"
    ) from error

from nacre_adapters.tablevault.errors import TVBuilderError

Path = tuple[str | int, ...]

_MOST_VALUES = 100_000
_MOST_DEPTH = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A YAML file that holds a mapping."""

    file: str
    data: dict[str, object]
    lines: Mapping[Path, int]

    def error(self, path: Path, problem: str) -> TVBuilderError:
        """Return the error that says what is wrong with the value at *path*."""
        return TVBuilderError(f"{self.where(path)}: {problem}")

    def where(self, path: Path) -> str:
        """Return file, line and key of the value at *path*, or of what should hold it."""
        known = (path[:end] for end in range(len(path), -1, -1) if path[:end] in self.lines)
        key = f", key {_dotted(path)!r}" if path else ""
        return f"{self.file}, line {self.lines[next(known)]}{key}"


def read_document(file: str, text: str) -> Document:
    """Return what a YAML file holds. Only plain values: no tag makes an object of Python.

    Raises:
        TVBuilderError: it is no YAML, or no mapping; the message has the line.
    """
    node, data = _loaded(file, text)
    if not isinstance(data, dict):
        raise TVBuilderError(f"{file}, line 1: expected keys and values, found {_kind(data)}")
    lines: dict[Path, int] = {(): 1}
    _note_lines(file, node, (), lines)
    return Document(file=file, data=data, lines=lines)


def _loaded(file: str, text: str) -> tuple[yaml.Node | None, object]:
    """Return a file as nodes, which know their lines, and as data."""
    try:
        loader = yaml.SafeLoader(text)
        try:
            node = loader.get_single_node()
            return node, None if node is None else loader.construct_document(node)
        finally:
            loader.dispose()
    except yaml.MarkedYAMLError as error:
        raise _unreadable(file, text, error) from error
    except (yaml.YAMLError, ValueError) as error:
        raise TVBuilderError(f"{file}: this is no YAML: {error}") from error
    except RecursionError as error:
        raise TVBuilderError(f"{file}: its values are nested too deeply") from error


def _unreadable(file: str, text: str, error: yaml.MarkedYAMLError) -> TVBuilderError:
    mark = error.problem_mark or error.context_mark
    line = "" if mark is None else f", line {mark.line + 1}, character {mark.column + 1}"
    problem = ": ".join(part for part in (error.context, error.problem) if part)
    if mark is not None and "<<" in "".join(text.splitlines()[mark.line : mark.line + 1]):
        problem += "; a reference between { } or [ ] of YAML stands in quotes"
    return TVBuilderError(f"{file}{line}: this is no YAML: {problem}")


def _note_lines(file: str, node: yaml.Node, path: Path, lines: dict[Path, int]) -> None:
    if len(path) > _MOST_DEPTH:  # an alias can stand inside of what it stands for
        raise TVBuilderError(f"{file}: its values are nested too deeply")
    if len(lines) > _MOST_VALUES:  # aliases can make a short file endless
        raise TVBuilderError(
            f"{file}: more than {_MOST_VALUES:,} values are too many for a builder"
        )
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            name, line = str(key.value), key.start_mark.line + 1
            if name in seen:
                raise TVBuilderError(f"{file}, line {line}, key {name!r}: it is given twice")
            seen.add(name)
            lines[*path, name] = line
            _note_lines(file, value, (*path, name), lines)
    elif isinstance(node, yaml.SequenceNode):
        for place, value in enumerate(node.value):
            lines[*path, place] = value.start_mark.line + 1
            _note_lines(file, value, (*path, place), lines)


def _dotted(path: Path) -> str:
    return ".".join(str(part) for part in path)


def _kind(data: object) -> str:
    return "nothing" if data is None else f"a {type(data).__name__}"
