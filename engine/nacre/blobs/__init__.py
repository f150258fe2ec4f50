"""Payloads, each stored once under its digest."""
