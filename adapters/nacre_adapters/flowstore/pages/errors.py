"""What pages raise: the exceptions of the original's callers, as nacre's own."""

from nacre.errors import InvalidInput, NotFound, StateError
from nacre_adapters.flowstore.errors import PredictException


class ElementNotFound(PredictException, NotFound, ValueError):
    """There is no such element, or no such section, on the page."""

    code = "element_not_found"


class CardNotFoundException(PredictException, NotFound, ValueError):
    """There is no such card on the page."""

    code = "card_not_found"


class UploadNotFound(PredictException, NotFound, ValueError):
    """Nothing was uploaded into the element."""

    code = "upload_not_found"


class InvalidPage(PredictException, InvalidInput):
    """A page, or a value for one of its elements, is not as it must be."""

    code = "invalid_page"


class NextDisabled(PredictException, StateError):
    """A card of the page does not let the user go on."""

    code = "next_disabled"
