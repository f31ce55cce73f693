"""Tuning: the cheapest settings of Cycles that reach a target error, found by measuring."""
