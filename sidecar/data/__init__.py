"""Samples: pictures with their masks, from rendered data sets and folders of photographs."""
