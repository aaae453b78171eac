"""Speech models: fetched, checked, put in place."""
