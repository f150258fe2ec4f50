"""The words in a builder that stand for what is only known when it runs."""

from dataclasses import dataclass, replace

from nacre_adapters.tablevault.references.parser import parse
from nacre_adapters.tablevault.references.syntax import Condition, Reference, Template

ARTIFACT_FOLDER = "~ARTIFACT_FOLDER~"
PROCESS_ID = "~PROCESS_ID~"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tokens:
    """What each of the words stands for."""

    artifact_folder: str
    process_id: str

    def replaced(self, value: object) -> dict[str, object]:
        """Return *value*, a mapping, with the words replaced in every string in it.

        In a reference a word is one value, whatever letters stand in the path of the vault.
        """
        found = self._replaced(value)
        assert isinstance(found, dict)
        return found

    def _replaced(self, value: object) -> object:
        if isinstance(value, str):
            holds_words = ARTIFACT_FOLDER in value or PROCESS_ID in value
            return str(self._template(parse(value))) if holds_words else value
        if isinstance(value, dict):
            return {key: self._replaced(each) for key, each in value.items()}
        if isinstance(value, list):
            return [self._replaced(each) for each in value]
        return value

    def _text(self, text: str) -> str:
        words = text.replace(ARTIFACT_FOLDER, self.artifact_folder)
        return words.replace(PROCESS_ID, self.process_id)

    def _template(self, template: Template) -> Template:
        parts = (
            self._text(part) if isinstance(part, str) else self._reference(part)
            for part in template.parts
        )
        return Template(tuple(parts))

    def _reference(self, reference: Reference) -> Reference:
        columns, conditions = reference.columns, reference.conditions
        return replace(
            reference,
            table=self._maybe(reference.table),
            version=self._maybe(reference.version),
            columns=None if columns is None else tuple(map(self._template, columns)),
            conditions=tuple(map(self._condition, conditions)),
        )

    def _condition(self, condition: Condition) -> Condition:
        return Condition(
            column=self._template(condition.column),
            low=self._maybe(condition.low),
            high=self._maybe(condition.high),
        )

    def _maybe(self, template: Template | None) -> Template | None:
        return None if template is None else self._template(template)
