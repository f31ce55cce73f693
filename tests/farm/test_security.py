"""What stands in Redis may be anybody's: it must not run anything here, nor be read on its way."""

from __future__ import annotations

import os
import pickle
import re
import socket
import ssl
import subprocess
import threading
import zlib
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from rq import Queue
from rq.job import Job
from rq.serializers import JSONSerializer

from manifests.errors import QueueError
from worker.farm import board
from worker.farm.connections import connect
from worker.farm.runs import FarmRun, submit
from worker.farm.shard_jobs import RENDER, RefusedJob, ShardJob

from .conftest import ROOT
from .farms import Farm


@pytest.fixture
def farm(tmp_path: Path) -> Iterator[Farm]:
    made = Farm(tmp_path)
    made.start_redis()
    yield made
    made.end()


class Bomb:
    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.system, (f"touch {self.path}",)


def test_forged_jobs_run_nothing(farm: Farm, tmp_path: Path) -> None:
    traces = [tmp_path / name for name in ("named", "pickled", "called")]
    inside = tmp_path / "allowed" / "set"
    inside.mkdir(parents=True)
    (inside / "manifest.yaml").touch()
    run, redis = FarmRun(inside, "forged"), farm.redis
    submit(redis, run, [])
    # What somebody who can write to Redis would put there, with RQ as it comes.
    plain = Queue(run.queue_name, connection=redis, serializer=JSONSerializer)
    plain.enqueue_call("os.system", args=[f"touch {traces[0]}"])
    pickled = plain.enqueue_call(RENDER, args=[str(inside), [0]])
    redis.hset(pickled.key, "data", zlib.compress(pickle.dumps((RENDER, None, (Bomb(traces[1]),), {}))))
    called = plain.enqueue_call(RENDER, args=[str(inside), [0]])
    for word in ("success", "failure", "stopped"):
        redis.hset(called.key, f"{word}_callback_name", "tests.farm.test_security.call_back")
    plain.enqueue_call(RENDER, args=[str(inside), [0], "auto", {"threads": 1}], kwargs={"device": "cpu"})
    plain.enqueue_call(RENDER, args=[str(tmp_path), [0]])
    plain.enqueue_call(RENDER, args=[f"{inside}/../../elsewhere", [0]])
    plain.enqueue_call(RENDER, args=["set", [0]])
    jobs = plain.get_job_ids()
    allowed = {"DEFECTORY_ROOT": str(tmp_path / "allowed"), "DEFECTORY_TEST_TRACE": str(traces[2])}
    assert farm.start_worker("-b", **allowed).process.wait(timeout=60) == 0
    reasons = board.look_at(redis, run).reasons
    assert reasons["refused a job that names 'os.system'; this farm renders shards and nothing else"] == 1
    assert reasons["refused a job that is no JSON"] == 1
    assert sum("outside of DEFECTORY_ROOT" in reason for reason in reasons) == 2
    assert sum("takes absolute paths" in reason for reason in reasons) == 1
    assert not [trace for trace in traces if trace.exists()]
    assert all(Job.fetch(job, redis, serializer=JSONSerializer).get_status() == "failed" for job in jobs)
    assert sum(reasons.values()) >= len(jobs)


def call_back(*arguments: object) -> None:
    Path(os.environ["DEFECTORY_TEST_TRACE"]).touch()


def test_arguments_that_are_none_of_a_shard(farm: Farm) -> None:
    queue = Queue("render:x", connection=farm.redis, serializer=JSONSerializer)
    for arguments in ([], ["/a", "0:9"], ["/a", [0, "1"]], ["/a", [-1]], ["/a", [True]], [{"a": 1}, [0]]):
        job = queue.enqueue_call(RENDER, args=arguments)
        with pytest.raises(RefusedJob, match="arguments"):
            ShardJob.fetch(job.id, connection=farm.redis).check()


def _relay(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while piece := source.recv(65536):
            target.sendall(piece)
    for each in (source, target):
        with suppress(OSError):
            each.shutdown(socket.SHUT_RDWR)


@pytest.fixture
def tls_port(farm: Farm, tmp_path: Path) -> Iterator[int]:
    """The farm's Redis behind TLS, as stunnel does it: the Redis of the tests has none of its own."""
    subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    keys = ["-newkey", "rsa:2048", "-nodes", "-keyout", str(tmp_path / "key.pem"), "-out", str(tmp_path / "ca.pem")]
    subprocess.run(["openssl", "req", "-x509", "-days", "2", *keys, *subject], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "ca.pem", tmp_path / "key.pem")
    listener = socket.create_server(("localhost", 0))

    def serve() -> None:
        while True:
            try:
                outside, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=handle, args=(outside,), daemon=True).start()

    def handle(outside: socket.socket) -> None:
        try:
            wrapped = context.wrap_socket(outside, server_side=True)
        except OSError:
            return
        inside = socket.socket(socket.AF_UNIX)
        inside.connect(str(farm.folder / "r.sock"))
        threading.Thread(target=_relay, args=(inside, wrapped), daemon=True).start()
        _relay(wrapped, inside)

    threading.Thread(target=serve, daemon=True).start()
    yield listener.getsockname()[1]
    listener.close()


def test_password_and_tls(farm: Farm, tls_port: int, tmp_path: Path) -> None:
    page = (ROOT / "docs" / "how-to" / "run-on-a-farm.md").read_text("utf-8")
    found = re.search(r"^(ACL SETUSER .*)$", page, re.M)
    assert found is not None, "the page shows which rights a user of the farm needs"
    farm.redis.execute_command(*found[1].split())
    farm.redis.execute_command("ACL", "SETUSER", "default", "resetpass", ">other")
    with pytest.raises(QueueError, match="refuses"):
        connect(farm.url)
    address = f"localhost:{tls_port}?ssl_ca_certs={tmp_path / 'ca.pem'}"
    with pytest.raises(QueueError, match="refuses") as refused:
        connect(f"rediss://farm:WRONG@{address}")
    assert "WRONG" not in str(refused.value)
    with pytest.raises(QueueError, match="certificate"):
        connect(f"rediss://farm:SECRET@localhost:{tls_port}")

    # Whatever a farm does, that user may do.
    url = f"rediss://farm:SECRET@{address}"
    connection = connect(url)
    out = tmp_path / "set"
    out.mkdir()
    (out / "manifest.yaml").touch()
    run = FarmRun(out, "locked", tries=1)
    submit(connection, run, [(0,)])
    node = farm.start_worker("-b", RQ_REDIS_URL=url)
    assert node.process.wait(timeout=60) == 0
    assert "permission" not in node.log.read_text().lower()
    state = board.look_at(connection, run)
    assert (state.queued, state.running, state.given_up) == (0, 0, 1), "an empty manifest fails, but was rendered"
