"""The contract: what a data set is, how its values are drawn, where its files lie.

Every other package of Defectory imports this one and this one imports none of them. Only :mod:`manifests.files`
knows YAML; all else needs nothing but the standard library and numpy, so that it runs inside Blender.
"""
