"""Views as they were: derived once for a position, then kept in a cache that may be deleted."""

from nacre.past.views import PastViews

__all__ = ["PastViews"]
