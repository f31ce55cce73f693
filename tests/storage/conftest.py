"""A store for tests: an S3 server in a process of its own, and a bucket for each test."""

from __future__ import annotations

import subprocess
import sys
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import fsspec
import pytest

from tests.farm.conftest import ROOT
from worker.storage.urls import StoreUrl


@dataclass
class Server:
    """The server."""

    process: subprocess.Popen[str]

    def __post_init__(self) -> None:
        self.port = int(self.answer())

    def answer(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def tell(self, word: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(f"{word}\n")
        self.process.stdin.flush()
        assert self.answer() == "done"


@dataclass
class Bucket:
    """A bucket of its own, and what a machine needs to come to it."""

    server: Server
    name: str
    environment: dict[str, str]

    @property
    def url(self) -> StoreUrl:
        return StoreUrl(f"s3://{self.name}/sets/chess")

    @property
    def files(self) -> Any:
        """The bucket as somebody else sees it."""
        return fsspec.filesystem("s3", use_listings_cache=False)

    def names(self) -> dict[str, str]:
        """Names of the objects of the data set, and a mark that changes whenever one is written."""
        start = len(self.url.removeprefix("s3://")) + 1
        found = self.files.find(self.url, detail=True)
        return {name[start:]: f"{each['ETag']} {each['LastModified']}" for name, each in found.items()}


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.storage.s3_server"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        cwd=ROOT,
    )
    yield Server(process)
    process.kill()
    process.communicate()


@pytest.fixture
def bucket(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bucket:
    made = {
        "AWS_ACCESS_KEY_ID": "somebody",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{server.port}",
        "AWS_DEFAULT_REGION": "us-east-1",
        "DEFECTORY_CACHE": str(tmp_path / "cache"),
    }
    for name, value in made.items():
        monkeypatch.setenv(name, value)
    # The port is another each time, and so must be what fsspec keeps.
    fsspec.filesystem("s3").clear_instance_cache()
    bucket = Bucket(server, f"bucket-{uuid.uuid4().hex}", made)
    bucket.files.mkdir(bucket.name)
    return bucket
