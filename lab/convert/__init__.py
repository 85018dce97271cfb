"""Converts third-party recordings to the recording format of docs/recording.md."""
