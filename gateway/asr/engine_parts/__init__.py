"""What the recognisers are made of, each engine for itself."""
