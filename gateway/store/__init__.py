"""The journal and the tables behind it."""
