"""Real neighbours for the demo and the tests, each an async context manager that is ready once entered."""

from gateway.demo.asterisk import AsteriskInstance
from gateway.demo.redis import RedisInstance

__all__ = ["AsteriskInstance", "RedisInstance"]
