"""Files that users upload, made into dataframes: what the action of a step does by itself."""

from io import BytesIO

import pandas as pd

from nacre.errors import InvalidInput
from nacre_adapters.flowstore.pages.errors import InvalidPage
from nacre_adapters.flowstore.screens import Upload

MEDIA_TYPES = {
    "csv": "text/csv",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "json": "application/json",
    "pdf": "application/pdf",
    "txt": "text/plain",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


def media_type_of(filename: str) -> str:
    """Return the media type that a file's name says."""
    kind = filename.rpartition(".")[2].lower()
    return MEDIA_TYPES.get(kind, "application/octet-stream")


def frame_of(upload: Upload) -> pd.DataFrame:
    """Return the table in a file.

    Raises:
        InvalidPage: (a ValueError) it is no such table.
        InvalidInput: what reads it is not installed.
    """
    file = BytesIO(upload.content)
    try:
        if upload.filename.lower().endswith(".xlsx"):
            return pd.read_excel(file)
        return pd.read_csv(file)
    except ImportError as error:
        raise InvalidInput("xlsx files need openpyxl: pip install openpyxl") from error
    except (ValueError, pd.errors.ParserError, OSError, KeyError) as error:
        raise InvalidPage(f"{upload.filename!r:.80} is no table: {error!s:.200}") from error
