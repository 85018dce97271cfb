"""Answers a hypothetical case by the very functions that trade (docs/explain.md)."""
