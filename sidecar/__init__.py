"""Training and evaluation of the models that live on rendered data sets; nothing is here yet."""
