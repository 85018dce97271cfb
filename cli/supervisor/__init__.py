"""Starts the whole system as child processes, watches it, and stops it without leaving anything behind."""
