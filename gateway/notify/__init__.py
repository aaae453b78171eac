"""Alerts out of the house: to programs, signed, and to group robots of WeCom, DingTalk and Feishu, in plain words.

One ``Sink`` a webhook, each with its own task and its own bounded queue. An alert that cannot be delivered still
stands on the wallboard and in the journal; nothing here ever holds the core up.
"""

from gateway.notify.sink import Sink

__all__ = ["Sink"]
