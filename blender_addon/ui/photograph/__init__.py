"""A photograph of the real part beside the inspection: laid over the view, matched by points, compared by numbers.

``likeness`` knows nothing of Blender; ``picture`` reads the file; ``matching`` finds the camera; ``comparison``
renders; ``overlay`` draws; ``model`` is what a scene keeps of it.
"""
