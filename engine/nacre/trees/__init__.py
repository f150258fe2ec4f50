"""Directories of files as manifests: stored once a content, restored as they were."""

from nacre.trees.tree import get_tree, put_tree

__all__ = ["get_tree", "put_tree"]
