"""Sound devices: list, test, and an agent's station without a phone."""
