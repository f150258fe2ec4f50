"""The words in a builder that stand for what is only known when it runs."""

from dataclasses import dataclass

ARTIFACT_FOLDER = "~ARTIFACT_FOLDER~"
PROCESS_ID = "~PROCESS_ID~"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tokens:
    """What each of the words stands for."""

    artifact_folder: str
    process_id: str

    def replaced(self, value: object) -> dict[str, object]:
        """Return *value*, a mapping, with the words replaced in every string in it."""
        found = self._replaced(value)
        assert isinstance(found, dict)
        return found

    def _replaced(self, value: object) -> object:
        if isinstance(value, str):
            text = value.replace(ARTIFACT_FOLDER, self.artifact_folder)
            return text.replace(PROCESS_ID, self.process_id)
        if isinstance(value, dict):
            return {key: self._replaced(each) for key, each in value.items()}
        if isinstance(value, list):
            return [self._replaced(each) for each in value]
        return value
