"""A gateway that stands beside an Asterisk hotline: it measures, transcribes, fills tickets and publishes."""

__version__ = "0.1.0"
