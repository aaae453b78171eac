"""The few voice flows such a line needs, over FastAGI."""
