"""What the data sets are for: train and evaluate models on them.

::

    cli.py           train | predict | export | evaluate | compare | domain-shift | coreset meld
    config.py        what a run is made of; config_files.py reads it
    recipes/         one config for each table or figure of the source documents
    data/            from folders to what a model is given: sources, splits, masks, preprocessing, augmentation, crops
    models/          one network of the source documents in each module
    patchcore/       nearest neighbours in a memory of features, which are downloaded, read or learnt
    training/        epochs of a network or over a coreset, what each model is trained for, and how a training ends
    prediction/      a trained model on pictures, and as ONNX
    scores/          what is measured
    evaluation/      runs scored, compared and reported
    runs.py          the folder of a run

Nothing here imports bpy or the worker. A data set is read through ``manifests.layout``.
"""
