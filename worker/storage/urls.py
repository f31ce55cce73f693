"""Addresses in an object store."""

from __future__ import annotations

import re
from pathlib import Path

from manifests.errors import DataSetError

_SCHEME = "s3://"
_URL = re.compile(r"s3://[a-z0-9][a-z0-9.-]+[a-z0-9](/[A-Za-z0-9!_.*'()=+@,-]+)*")


class StoreUrl(str):
    """Where a data set lies in an object store: ``s3://BUCKET/PREFIX``, without a slash at its end."""


Place = Path | StoreUrl
"""Where a data set lies: a folder or an address in a store."""


def place_of(text: str) -> Place:
    """The place that a text names.

    Raises:
        DataSetError: it is an address, but none of an object store.
    """
    if "://" not in text:
        return Path(text)
    url = text.rstrip("/")
    if not _URL.fullmatch(url) or not {".", ".."}.isdisjoint(url.split("/")):
        raise DataSetError(f"{text}: is no place for a data set; write a folder, or {_SCHEME}BUCKET/PREFIX")
    return StoreUrl(url)
