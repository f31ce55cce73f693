"""PatchCore and its kin: nearest neighbours in a memory of features."""
