"""Recordings of calls: written while they are spoken, and read again."""
