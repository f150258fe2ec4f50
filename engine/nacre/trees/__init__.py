"""Directories of files as manifests: stored once a content, restored as they were."""

from nacre.trees.tree import TreeEntry, get_tree, put_entries, put_tree, tree_entries

__all__ = ["TreeEntry", "get_tree", "put_entries", "put_tree", "tree_entries"]
