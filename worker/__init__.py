"""The farm: jobs for RQ workers, and the commands around them.

Two doors: ``cli`` for people, ``jobs`` for RQ. A data set is made from left to right::

    commands -> runs -> dispatch -> farm -> jobs -> shards -> rendering -> blender, patterns -> develop -> pairs
    pairs -> report, export, relief

``storage`` is for data sets in an object store, ``data_sets`` finds a data set in whichever place it lies.
``blender`` runs one Blender and ends it; ``develop`` makes image and masks of a frame's EXR; ``pairs`` holds what is
written to disk and what must be true of it.
"""
