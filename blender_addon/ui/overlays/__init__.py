"""What is drawn over the 3D view: the cameras of all views, classes, the mask of the frame, coverage.

Each module but ``drawing`` makes arrays; ``drawing`` alone talks to the graphics card, which Blender has only with a
window. What is shown is no part of the manifest, and no undo step.
"""
