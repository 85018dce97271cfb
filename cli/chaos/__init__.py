"""Torments a running system from outside, as a machine would: kills, pauses, lost servers."""
