"""Every error that Defectory raises on purpose.

UserError                 a mistake that a person can mend: one line, exit code 2, no traceback
├── ManifestError         a field of a manifest:       "lights[2].strength: must be > 0, got -1"
├── PartError             a CAD file:                  "bracket.stl: no faces"
├── DataSetError          an output folder or a pair:  "out/: belongs to another manifest"
│   └── FolderRefused     its disk, its store:         "out/: the disk is full; free some space"
├── BlenderError          no Blender, no such device, or a Blender that failed
├── QueueError            a Redis that does not answer
└── RunError              a training run:              "runs/a: the loss is NaN at step 120"

Anything else that is raised is a bug of ours and may trace.
"""

from __future__ import annotations


class UserError(Exception):
    """A mistake of the user's or of the machine's: says what, where and what to do in one line."""


class ManifestError(UserError):
    """A field of a manifest is wrong.

    Args:
        field: path of the field as a person writes it, ``lights[2].strength``; empty for the whole file.
        problem: what is wrong and what is expected, without the field.
    """

    def __init__(self, field: str, problem: str) -> None:
        self.field = field
        self.problem = problem
        super().__init__(f"{field}: {problem}" if field else problem)


class PartError(UserError):
    """A CAD file cannot be used: absent, empty, truncated, of an unknown format or without faces."""


class DataSetError(UserError):
    """An output folder or a pair in it cannot be used, or the disk is full."""


class FolderRefused(DataSetError):
    """The file system or the store gives or takes nothing here and now: no frame can succeed, and none is to blame."""


class BlenderError(UserError):
    """No Blender was found, a device is absent, or Blender failed; carries its last lines."""


class QueueError(UserError):
    """Redis does not answer."""


class RunError(UserError):
    """A training run cannot go on or be used: NaN losses, a checkpoint of another model, no such device."""
