"""A Blender with faults: bpy itself, which hangs, dies or damages its file at the frames that a folder names.

A file ``0000005.1.hang`` in the folder is one fault of frame 5. It goes as it happens, so that the next try at the
frame meets the next fault, or none.
"""

from __future__ import annotations

import os
import random
import runpy
import signal
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]

Channels = dict[str, Any]


def faulty_blender(folder: Path) -> Path:
    """Write the program, to be named in DEFECTORY_BLENDER, and the folder of its faults beside it."""
    (folder / "faults").mkdir(parents=True)
    program = folder / "python-with-faults"
    lines = [f"#!{sys.executable}", "import sys", f"sys.path.insert(0, {str(ROOT)!r})"]
    program.write_text("\n".join([*lines, "from tests.farm.faulty_blender import main", "main()", ""]))
    program.chmod(0o755)
    return program


def plant(program: Path, frame: int, *kinds: str) -> None:
    """Give a frame faults, one for each try."""
    for k, kind in enumerate(kinds):
        (program.parent / "faults" / f"{frame:07d}.{k}.{kind}").touch()


def main() -> None:
    """Run ``headless.py`` as it is, with a render that goes wrong."""
    folder = Path(sys.argv[0]).parent
    _note_others(folder)
    sys.argv = sys.argv[1:]
    sys.path.insert(0, str(ROOT))
    from blender_addon import render

    healthy = render.render_frame

    def render_frame(inspection: Any, frame: int, *rest: Any) -> dict[str, Path]:
        kind = _next_fault(folder / "faults", frame)
        if kind in DEADLY:
            DEADLY[kind](folder, frame)
        files: dict[str, Path] = healthy(inspection, frame, *rest)
        with (folder / "rendered").open("a") as stream:
            stream.write(f"{frame}\n")
        if kind in DAMAGE:
            DAMAGE[kind](files["exr"])
        return files

    render.render_frame = render_frame
    runpy.run_path(sys.argv[0], run_name="__main__")


def _next_fault(faults: Path, frame: int) -> str | None:
    for file in sorted(faults.glob(f"{frame:07d}.*")):
        file.unlink()
        return file.suffix[1:]
    return None


def _note_others(folder: Path) -> None:
    """Write down every other Blender of these tests that runs at this moment."""
    for entry in Path("/proc").iterdir():
        try:
            words = (entry / "cmdline").read_bytes().split(b"\0")
            state = (entry / "stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            continue
        mine = entry.name in (str(os.getpid()), "self", "thread-self")
        if not mine and entry.name.isdigit() and os.fsencode(sys.argv[0]) in words and state not in "ZX":
            with (folder / "beside").open("a") as stream:
                stream.write(f"{os.getpid()} started while {entry.name} ran\n")


def _hang(folder: Path, frame: int) -> None:
    (folder / f"hung.{frame}.{os.getpid()}").touch()
    os.kill(os.getpid(), signal.SIGSTOP)


def _grow(folder: Path, frame: int) -> None:
    blocks = []
    while True:
        blocks.append(b"x" * 50_000_000)
        time.sleep(0.02)


def _parent(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def _kill_soon(generations: int) -> Callable[[Path, int], None]:
    """Kill Blender (0), the work-horse (1) or the worker (2), at some moment from now on."""

    def kill(folder: Path, frame: int) -> None:
        pid = os.getpid()
        for _ in range(generations):
            pid = _parent(pid)
        threading.Timer(random.uniform(0, 0.3), os.kill, (pid, signal.SIGKILL)).start()

    return kill


DEADLY: dict[str, Callable[[Path, int], None]] = {
    "hang": _hang,
    "grow": _grow,
    "segfault": lambda folder, frame: os.kill(os.getpid(), signal.SIGSEGV),
    "blender": _kill_soon(0),
    "horse": _kill_soon(1),
    "worker": _kill_soon(2),
}


def _rewrite(change: Callable[[Channels], Channels], **stamps: str) -> Callable[[Path], None]:
    def rewrite(exr: Path) -> None:
        import OpenEXR

        with OpenEXR.File(str(exr), separate_channels=True) as file:
            parts = [(dict(part.header), {n: c.pixels for n, c in part.channels.items()}) for part in file.parts]
        channels: Channels = {}
        for _, each in parts:
            channels |= each
        kept = {key: parts[0][0][key] for key in ("compression", "type", "Frame") if key in parts[0][0]}
        OpenEXR.File(kept | stamps, change(channels)).write(str(exr))

    return rewrite


def _truncate(exr: Path) -> None:
    os.truncate(exr, exr.stat().st_size // 2)


DAMAGE: dict[str, Callable[[Path], None]] = {
    "truncated": _truncate,
    "empty": lambda exr: os.truncate(exr, 0),
    "black": _rewrite(
        lambda channels: {
            name: pixels * 0 if "Combined" in name and "Labels" not in name and name[-1] in "RGB" else pixels
            for name, pixels in channels.items()
        }
    ),
    "small": _rewrite(lambda channels: {name: pixels[:-1].copy() for name, pixels in channels.items()}),
    "maskless": _rewrite(lambda channels: {name: pixels for name, pixels in channels.items() if "Labels" not in name}),
    "other": _rewrite(lambda channels: channels, Frame="999"),
    "mislabelled": _rewrite(
        lambda channels: {name: pixels + 40 if "Labels" in name else pixels for name, pixels in channels.items()}
    ),
}
