"""One network of the source documents in each module."""
