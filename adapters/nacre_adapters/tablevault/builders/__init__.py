"""Builders: what a YAML file says about how the rows and columns of a table are made."""
