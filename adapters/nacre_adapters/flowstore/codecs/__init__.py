"""Python objects into a vault and back, exactly, without pickle; what cannot be is refused."""

from nacre.errors import PackageMissing
from nacre_adapters.flowstore.codecs.errors import NotStorable, NotTrusted
from nacre_adapters.flowstore.codecs.limits import Limits
from nacre_adapters.flowstore.codecs.picture import Picture
from nacre_adapters.flowstore.codecs.registry import Codecs, Encoded

__all__ = [
    "Codecs",
    "Encoded",
    "Limits",
    "NotStorable",
    "NotTrusted",
    "PackageMissing",
    "Picture",
]
