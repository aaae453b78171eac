"""A line without a PBX, heard by a sound device."""
