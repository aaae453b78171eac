"""Frozen settings, read once at start; everything else gets them as arguments."""

from gateway.config.load import convert, default_folder, load, read_text, read_toml
from gateway.config.neighbours import Ami, Ivr, Knowledge, Log, Recording, Redis, Speech, Store, Web
from gateway.config.promises import Agent, Alerts, Clock, Dialled, Period, QueuePolicy, Webhook
from gateway.config.settings import Settings, default_home, zone

__all__ = [
    "Agent",
    "Alerts",
    "Ami",
    "Clock",
    "Dialled",
    "Ivr",
    "Knowledge",
    "Log",
    "Period",
    "QueuePolicy",
    "Recording",
    "Redis",
    "Settings",
    "Speech",
    "Store",
    "Web",
    "Webhook",
    "convert",
    "default_folder",
    "default_home",
    "load",
    "read_text",
    "read_toml",
    "zone",
]
