"""A data set in a store: one pair of a frame, whole; the attempt that was begun last commits; what fails says why."""

from __future__ import annotations

import hashlib
import json
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from manifests.errors import DataSetError, FolderRefused, UserError
from manifests.files import write_yaml
from manifests.layout import write_atomic
from tests.farm.conftest import write_manifest
from tests.farm.disks import small_disk
from tests.worker.made import fill, made_manifest
from worker.data_sets import open_data_set
from worker.farm.shard_jobs import RefusedJob, allowed
from worker.pairs import attempts, damaged
from worker.pairs.attempts import Fenced, attempt
from worker.pairs.failures import Try, add, failures, forget, quarantined
from worker.pairs.scan import scan
from worker.runs import Options, begin, verify
from worker.storage import objects
from worker.storage.objects import Objects
from worker.storage.stored_sets import SET_UP, StoredSet
from worker.storage.urls import StoreUrl, place_of

from .conftest import Bucket

MANIFEST = made_manifest()
Machine = Callable[[str], StoredSet]


@pytest.fixture
def machine(bucket: Bucket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    """The data set as a machine sees it that has a disk of its own."""
    fresh = StoredSet(bucket.url)
    fresh.check_vacant()
    write_atomic(fresh.manifest_file, write_yaml(MANIFEST).encode())
    write_atomic(fresh.part_folder / "abc.npz", b"a part")
    fresh.publish()

    def on(name: str) -> StoredSet:
        monkeypatch.setenv("DEFECTORY_CACHE", str(tmp_path / name))
        found, manifest = open_data_set(bucket.url)
        assert isinstance(found, StoredSet) and manifest == MANIFEST
        return found

    return on


def staged(held: attempts.Attempt, frame: int) -> Path:
    folder = held.folder / f"{frame:07d}"
    folder.mkdir()
    fill(folder, MANIFEST, frame)
    return folder


def commit(data_set: StoredSet, *frames: int) -> None:
    with attempt(data_set, "shard-0") as held:
        for frame in frames:
            assert data_set.commit(staged(held, frame), frame)


def test_set_up_comes_to_each_machine_once(machine: Machine, bucket: Bucket, tmp_path: Path) -> None:
    first = machine("a")
    assert (first.part_folder / "abc.npz").read_bytes() == b"a part"
    assert machine("a").root == first.root != machine("b").root
    with attempt(first):
        assert first.set_up() == [first.manifest_file, first.part_folder / "abc.npz"]
    assert sorted(name.partition("/")[0] for name in bucket.names()) == [SET_UP, "files", "files"]
    bucket.files.pipe_file(f"{bucket.url}/files/{hashlib.sha256(b'a part').hexdigest()}", b"a par")
    with pytest.raises(DataSetError, match=r"part/abc.npz is absent or damaged"):
        machine("c")
    assert not list((tmp_path / "c").iterdir()), "what came of it does not stay"
    bucket.files.pipe_file(f"{bucket.url}/{SET_UP}", json.dumps({"assets/../../../x": "0" * 64}).encode())
    with pytest.raises(DataSetError, match=r"data_set.json: is damaged"):
        machine("d")


def test_set_up_that_cannot_be_laid_out_leaves_nothing(
    bucket: Bucket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with small_disk(tmp_path / "disk", megabytes=0.004) as mounted:
        if not mounted:
            pytest.skip("needs the right to mount a small disk")
        monkeypatch.setenv("DEFECTORY_CACHE", str(tmp_path / "disk"))
        with pytest.raises(UserError, match="No space left on device"):
            begin(write_manifest(tmp_path / "m"), bucket.url, Options(device="cpu"))
        assert not list((tmp_path / "disk").iterdir())
    assert not bucket.names()


def test_first_commit_wins(machine: Machine, bucket: Bucket) -> None:
    here, there = machine("a"), machine("b")
    with attempt(here, "shard-1") as one, attempt(there, "shard-2") as other:
        assert here.lacking([3, 1003]) == [3, 1003]
        assert here.commit(staged(one, 3), 3)
        before = bucket.names()["pairs/0000/0000003.zip"]
        assert not there.commit(staged(other, 3), 3)
        assert there.commit(staged(other, 1003), 1003)
        assert not list(other.folder.glob("0*"))
    assert bucket.names()["pairs/0000/0000003.zip"] == before
    assert here.complete_frames() == [3, 1003]
    assert here.lacking(range(900, 1004)) == list(range(900, 1003))


def test_stale_attempt_cannot_commit(machine: Machine, bucket: Bucket, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attempts, "_RENEW_S", 0.05)
    here, there = machine("a"), machine("b")
    with attempt(here, "shard-1") as stale:
        late = staged(stale, 3)
        stale.check()
        with attempt(there, "shard-1") as held:
            with pytest.raises(DataSetError, match="another attempt has taken the shard over"):
                here.commit(late, 3)
            with pytest.raises(Fenced):
                stale.check()
            assert stale.is_lost(), "its Blender ends"
            assert not here.is_complete(3)
            assert there.commit(staged(held, 3), 3)
        with pytest.raises(DataSetError):
            here.commit(late, 3)
        there.drop_claims()
        with pytest.raises(DataSetError):
            here.commit(late, 3)
    assert [name for name in bucket.names() if name.startswith("pairs/")] == ["pairs/0000/0000003.zip"]


def test_attempt_notices_by_itself_that_it_was_fenced(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attempts, "_RENEW_S", 0.05)
    here, there = machine("a"), machine("b")
    with attempt(here, "shard-1") as stale, attempt(there, "shard-1"):
        give_up = time.monotonic() + 20
        while not stale.is_lost():
            assert time.monotonic() < give_up
            time.sleep(0.02)


def test_failures_are_known_everywhere(machine: Machine, bucket: Bucket) -> None:
    here, there = machine("a"), machine("b")
    slow = Try("timeout", "took longer than 5 s", "a1")
    assert not add(here, 3, slow, most_tries=2).quarantined
    assert add(there, 3, slow, most_tries=2).quarantined
    add(here, 4, slow, most_tries=2)
    assert list(quarantined(here)) == [3] and [each.frame for each in failures(there)] == [3, 4]
    commit(there, 4)
    assert [each.frame for each in failures(here)] == [3], "a frame that has its pair has not failed"
    assert forget(here) == [3]
    assert not failures(there) and not quarantined(there)


def test_damage_is_found_in_that_pair_alone(machine: Machine, bucket: Bucket) -> None:
    here = machine("a")
    commit(here, 0, 1, 2, 3)
    for frame, change in ((1, lambda whole: whole[:-30]), (2, lambda whole: whole.replace(b"IDAT", b"IDOT"))):
        name = f"{bucket.url}/pairs/0000/{frame:07d}.zip"
        bucket.files.pipe_file(name, change(bucket.files.cat_file(name)))
    for look in (damaged, scan):
        found = dict(look(here, MANIFEST, here.complete_frames()))
        assert found[0] is found[3] is None
        assert all("is damaged" in str(found[frame]) for frame in (1, 2))
    for frame in (1, 2):
        here.discard(frame)
    assert here.lacking(range(4)) == [1, 2]
    commit(here, 1, 2)
    assert not any(problem for _, problem in damaged(here, MANIFEST, here.complete_frames()))


def test_full_disk_here_takes_no_pair_out_there(
    machine: Machine, bucket: Bucket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit(machine("a"), 0, 1)
    with small_disk(tmp_path / "disk", megabytes=0.004) as mounted:
        if not mounted:
            pytest.skip("needs the right to mount a small disk")
        monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "disk"))
        for quick in (False, True):
            with pytest.raises(FolderRefused, match="the disk is full"):
                list(verify(bucket.url, repair=True, quick=quick))
    assert machine("a").complete_frames() == [0, 1]


def test_place_is_taken(machine: Machine, bucket: Bucket) -> None:
    other = StoredSet(bucket.url)
    write_atomic(other.manifest_file, b"name: other")
    with pytest.raises(DataSetError, match="another data set was submitted there meanwhile"):
        other.publish()
    assert not other.root.exists()
    with pytest.raises(DataSetError, match="is not empty and holds no data set"):
        StoredSet(StoreUrl(bucket.url.rpartition("/")[0])).check_vacant()
    machine("a")


def test_refusals_are_one_line(bucket: Bucket, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(FolderRefused, match="there is no bucket 'nowhere'; create it"):
        Objects(StoreUrl("s3://nowhere/set")).create("a", b"")
    bucket.server.tell("refuse")
    try:
        with pytest.raises(FolderRefused, match=r"the store refuses .*; check AWS_ACCESS_KEY_ID"):
            Objects(bucket.url).read("a")
    finally:
        bucket.server.tell("trust")
    monkeypatch.setattr(objects, "_PATIENCE_S", 0.5)
    bucket.server.tell("down")
    try:
        with pytest.raises(FolderRefused, match=r"the store cannot be reached .*; check AWS_ENDPOINT_URL"):
            Objects(bucket.url).names("")
    finally:
        bucket.server.tell("up")
    assert Objects(bucket.url).names("") == []


@pytest.mark.parametrize("text", ["gs://bucket/set", "s3://", "s3://bucket/../set", "s3://bucket//set", "s3://b_d/set"])
def test_what_is_no_place(text: str) -> None:
    with pytest.raises(DataSetError, match="write a folder, or s3://BUCKET/PREFIX"):
        place_of(text)


def test_what_is_a_place() -> None:
    assert place_of("a/b") == Path("a/b")
    assert place_of("s3://bucket/some/set/") == StoreUrl("s3://bucket/some/set")


def test_worker_keeps_to_its_root(monkeypatch: pytest.MonkeyPatch) -> None:
    assert allowed("s3://bucket/anything") == StoreUrl("s3://bucket/anything")
    monkeypatch.setenv("DEFECTORY_ROOT", "s3://bucket/sets/")
    assert allowed("s3://bucket/sets/a") == StoreUrl("s3://bucket/sets/a")
    for place in ("s3://bucket/sets-of-others/a", "s3://other/sets/a", "s3://bucket/sets/../a", "/mnt/shared/a"):
        with pytest.raises(RefusedJob):
            allowed(place)
    monkeypatch.setenv("DEFECTORY_ROOT", "/mnt/shared")
    with pytest.raises(RefusedJob, match="outside of DEFECTORY_ROOT"):
        allowed("s3://bucket/sets/a")
