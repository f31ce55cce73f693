"""The sidebar tab "Inspection" of the 3D view: a panel for each step of the work, in its order."""

from . import authoring, frame, lists, live

CLASSES = (*lists.CLASSES, *authoring.FIRST, *frame.CLASSES, *authoring.LAST, *live.CLASSES)
