"""The index: one JSON line for each complete pair, rebuilt from the pairs at will."""

from __future__ import annotations

import json

from manifests.errors import DataSetError
from manifests.layout import RECORD, DataSet, write_atomic

from ..refusals import read_errors


def write_index(data_set: DataSet) -> int:
    """Write index.jsonl anew from the pairs, ascending by frame, in one stroke; only where people look for it.

    Returns:
        Number of lines.

    Raises:
        DataSetError: a record is damaged.
        FolderRefused: a record cannot be read now; or the disk is full or refuses.
    """
    if not data_set.browsable:
        return 0
    lines = [_line(data_set, frame) for frame in data_set.complete_frames()]
    write_atomic(data_set.index_file, b"".join(lines))
    return len(lines)


def _line(data_set: DataSet, frame: int) -> bytes:
    path = data_set.pair_folder(frame) / RECORD
    try:
        with read_errors(path):
            content = path.read_bytes().strip()
        # Records are written as one line; whatever else stands there has been touched by somebody.
        if b"\n" in content:
            content = json.dumps(json.loads(content), separators=(",", ":"), ensure_ascii=False).encode()
        elif not (content.startswith(b"{") and content.endswith(b"}")):
            raise ValueError
    except (OSError, ValueError):
        raise DataSetError(
            f"{path}: is damaged; 'defectory verify {data_set.root} --repair', then 'defectory resume {data_set.root}'"
        ) from None
    return content + b"\n"
