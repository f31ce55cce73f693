"""Storage: data sets that lie in an S3-compatible object store, for farms whose machines share no folder.

::

    urls          ``s3://BUCKET/PREFIX``
    objects       the only door to fsspec: objects read, written, created once, listed
    archives      a pair as one ZIP
    stored_sets   a data set whose truth is the store; its attempts and its set-up lie in a folder of this machine
    fetching      from the store to a folder

::

    PREFIX/data_set.json                 path and SHA-256 of each file that shards need; created once, last
    PREFIX/files/SHA256                  these files: manifest, prepared part, assets
    PREFIX/pairs/0000/0000123.zip        a pair
    PREFIX/failures/0000123.json         what went wrong with a frame that has no pair
    PREFIX/claims/SHARD                  token of the attempt that was begun last at a shard

A pair is one object. It comes into being by one conditional write (``If-None-Match: *``), which no reader can see half
done and which fails where a pair lies already: the first commit wins.
"""
