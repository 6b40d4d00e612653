"""Generated streams: that they are valid, and what becomes of them when they are damaged."""
