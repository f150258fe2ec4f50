"""The modules that builders can name with `is_custom: false`."""
