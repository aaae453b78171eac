"""Events out to, and answers in from, the ticketing system."""
