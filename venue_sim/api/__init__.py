"""The venue's surface: HTTP and WebSocket."""
