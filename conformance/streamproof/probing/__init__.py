"""Probing a live endpoint: requests as data, answers recorded read by read, judged by the same rules."""
