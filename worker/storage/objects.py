"""Objects: the only door to fsspec. What the store cannot do now is tried again, what it refuses is said in one line.

Endpoint and credentials come from where S3 clients look for them: ``AWS_ENDPOINT_URL``, ``AWS_ACCESS_KEY_ID`` and the
like, ``~/.aws``, the role of the machine, or fsspec's own configuration.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from manifests.errors import FolderRefused

from .urls import StoreUrl

_PATIENCE_S = 600.0  # as long as a farm waits for its Redis
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.2, 10.0
_EXISTS = ("PreconditionFailed", "412")
_BUSY = ("ConditionalRequestConflict", "InternalError", "OperationAborted", "RequestTimeout", "ServiceUnavailable")
_BUSY_ALSO = ("SlowDown", "409", "500", "502", "503", "504")
_AWAY = (
    "ConnectionClosedError",
    "ConnectTimeoutError",
    "EndpointConnectionError",
    "FSTimeoutError",
    "HTTPClientError",
    "ReadTimeoutError",
    "ResponseParserError",
)
_CREDENTIALS = "check AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and what they may do"


class Exists(Exception):
    """An object of that name is there already."""


class Absent(Exception):
    """There is no object of that name."""


class _Away(Exception):
    """The store cannot be reached, or has too much to do."""


@dataclass(frozen=True)
class Objects:
    """The objects below an address. Every method waits up to ten minutes for a store that is away.

    Attributes:
        url: where.
        patient: whether to wait; else a store that is away is refused at once.

    Raises:
        FolderRefused: by every method: the store is away, has no such bucket, or does not let us.
    """

    url: StoreUrl
    patient: bool = True

    def read(self, key: str) -> bytes:
        """Content of an object.

        Raises:
            Absent: there is none.
        """
        content: bytes = self._call("cat_file", key)
        return content

    def create(self, key: str, content: bytes) -> bool:
        """Write an object where there is none; False where there is one. Of two at once, one succeeds."""
        try:
            self._call("pipe_file", key, content, mode="create")
        except Exists:
            # Ours, maybe: a store that answers too late is asked again.
            return False
        return True

    def write(self, key: str, content: bytes) -> None:
        """Write an object, in place of what was there."""
        self._call("pipe_file", key, content)

    def delete(self, key: str) -> None:
        """Delete an object where there is one."""
        try:
            self._call("rm_file", key)
        except Absent:
            return

    def names(self, folder: str) -> list[str]:
        """Names of all objects below a key that ends in no slash, from there on, in order; empty: below the address."""
        try:
            found = self._call("find", folder)
        except Absent:
            return []
        start = len(self._path(folder)) + 1
        return sorted(name[start:] for name in found if len(name) > start)

    def _path(self, key: str) -> str:
        return f"{self.url.partition('://')[2]}/{key}".rstrip("/")

    def _call(self, verb: str, key: str, *arguments: Any, **named: Any) -> Any:
        give_up = time.monotonic() + (_PATIENCE_S if self.patient else 0.0)
        pause = _FIRST_PAUSE_S
        while True:
            try:
                return getattr(_file_system(), verb)(self._path(key), *arguments, **named)
            except Exception as error:
                problem = self._problem(error)
            if not isinstance(problem, _Away):
                raise problem from None
            if time.monotonic() + pause > give_up:
                advice = "check AWS_ENDPOINT_URL; the same command goes on where this one stopped"
                raise FolderRefused(f"{self.url}: the store cannot be reached ({problem}); {advice}") from None
            time.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE_S)

    def _problem(self, error: Exception) -> Exception:
        """What an error of fsspec, s3fs or botocore means; raises it where it is none that we know."""
        answer = getattr(error.__cause__, "response", None) or {}
        code, kinds = answer.get("Error", {}).get("Code", ""), [kind.__name__ for kind in type(error).__mro__]
        said = " ".join(str(error).split())
        if code in _EXISTS or isinstance(error, FileExistsError):
            return Exists()
        if code == "NoSuchBucket":
            bucket = self.url.split("/")[2]
            return FolderRefused(f"{self.url}: there is no bucket '{bucket}'; create it, or choose another --out")
        if isinstance(error, FileNotFoundError):
            return Absent()
        if "SSLError" in kinds:
            return FolderRefused(f"{self.url}: the certificate of the store does not hold ({said}); set AWS_CA_BUNDLE")
        if code in (*_BUSY, *_BUSY_ALSO) or isinstance(error, TimeoutError | ConnectionError) or set(kinds) & {*_AWAY}:
            return _Away(said)
        if isinstance(error, PermissionError) or "NoCredentialsError" in kinds:
            return FolderRefused(f"{self.url}: the store refuses ({said}); {_CREDENTIALS}")
        if isinstance(error, OSError | ValueError) or "BotoCoreError" in kinds:
            return FolderRefused(f"{self.url}: the store refuses ({said})")
        raise error


def _file_system() -> Any:
    """The file system of this process: fsspec keeps one for each, and makes another after a fork."""
    try:
        import fsspec
        import s3fs  # noqa: F401
    except ModuleNotFoundError as error:
        text = f"object storage needs {error.name}: pip install 'defectory[s3]'"
        raise FolderRefused(text) from None
    # What another machine wrote a moment ago must be seen, so nothing listed is remembered.
    return fsspec.filesystem("s3", use_listings_cache=False)
