"""Files that users upload, made into dataframes: what the action of a step does by itself."""

import zipfile
from io import BytesIO

import pandas as pd

from nacre_adapters.flowstore.codecs import PackageMissing
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


_MOST_EXPANSION = 200
_SMALL = 1 << 16
_BROKEN = (
    ValueError,
    pd.errors.ParserError,
    OSError,
    LookupError,
    TypeError,
    AttributeError,
    NotImplementedError,
    SyntaxError,  # of the XML in it
    zipfile.BadZipFile,
)


def media_type_of(filename: str) -> str:
    """Return the media type that a file's name says."""
    kind = filename.rpartition(".")[2].lower()
    return MEDIA_TYPES.get(kind, "application/octet-stream")


def frame_of(upload: Upload) -> pd.DataFrame:
    """Return the table in a file.

    Raises:
        InvalidPage: (a ValueError) it is no such table.
        PackageMissing: what reads it is not installed.
    """
    file = BytesIO(upload.content)
    try:
        if upload.filename.lower().endswith(".xlsx"):
            _check_archive(upload)
            return pd.read_excel(file)
        return pd.read_csv(file)
    except ImportError as error:
        raise PackageMissing(
            "the package openpyxl is needed for xlsx: pip install 'nacre[excel]'"
        ) from error
    except _BROKEN as error:
        raise InvalidPage(f"{upload.filename!r:.80} is no table: {error!s:.200}") from error


def _check_archive(upload: Upload) -> None:
    """Refuse an archive that would fill the memory."""
    with zipfile.ZipFile(BytesIO(upload.content)) as archive:
        size = sum(info.file_size for info in archive.infolist())
    if size > _MOST_EXPANSION * (len(upload.content) + _SMALL):
        raise ValueError(f"it expands to {size:,} bytes")
