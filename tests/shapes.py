"""Checks every shape and type in attnviz's signatures while the tests run, and only then."""

from jaxtyping import install_import_hook

install_import_hook("attnviz", "beartype.beartype")
