"""What an engine heard, as people write it."""
