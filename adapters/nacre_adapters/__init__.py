"""Interfaces that people already program against, over one nacre vault."""
