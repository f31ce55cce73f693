"""Scores of anomaly maps and masks."""
