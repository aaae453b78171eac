"""Asterisk's manager interface: typed messages, the call tracker, traces, and the client that speaks to the PBX."""
