"""The sidebar tab "Inspection" of the 3D view: a panel for each step of the work, in its order."""

from . import authoring, frame, lists, live, photograph

CLASSES = (*lists.CLASSES, *authoring.FIRST, *frame.CLASSES, *photograph.CLASSES, *authoring.LAST, *live.CLASSES)
