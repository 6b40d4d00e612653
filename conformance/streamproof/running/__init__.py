"""Running: cases become plays, plays become results."""
