"""The add-on's only door to ``manifests``: the copy inside a built extension, else the package beside it."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from manifests import (
        assets,
        digests,
        distributions,
        encoding,
        errors,
        fields,
        files,
        layout,
        sampling,
        schema,
        showing,
        viewpoints,
    )
else:
    try:
        from .vendor.manifests import (
            assets,
            digests,
            distributions,
            encoding,
            errors,
            fields,
            layout,
            sampling,
            schema,
            showing,
            viewpoints,
        )
    except ModuleNotFoundError as missing:
        # Only an absent vendor folder means "a checkout"; anything absent inside it is a broken build and must show.
        if missing.name is None or not missing.name.endswith(".vendor"):
            raise
        from manifests import (
            assets,
            digests,
            distributions,
            encoding,
            errors,
            fields,
            layout,
            sampling,
            schema,
            showing,
            viewpoints,
        )

__all__ = [
    "assets",
    "digests",
    "distributions",
    "encoding",
    "errors",
    "fields",
    "files",
    "layout",
    "sampling",
    "schema",
    "showing",
    "viewpoints",
]


def __getattr__(name: str) -> Any:
    """``files`` only when it is asked for: it needs yaml, which Blender has from a built extension's wheel alone."""
    if name != "files":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return importlib.import_module(f"{schema.__name__.rpartition('.')[0]}.files")
