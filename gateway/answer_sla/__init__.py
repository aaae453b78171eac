"""The answer clock: policies, deadlines, service level and connect rate. Knows events, never AMI."""
