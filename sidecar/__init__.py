"""What the data sets are for: train and evaluate models on them.

::

    cli.py         train | predict | export
    config.py      what a run is made of, read from YAML
    data/          samples from rendered data sets and from folders of photographs; sources, splits, masks
    models/        one network of the source documents in each module
    scores/        what is measured
    patchcore/     nearest neighbours in a memory of features
    recipes/       one config for each table or figure of the source documents

Nothing here imports bpy or the worker. A data set is read through ``manifests.layout``.
"""
