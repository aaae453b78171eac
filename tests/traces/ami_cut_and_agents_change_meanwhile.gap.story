agent 1004 offline
agent 1001 available
agent 1002 available
agent 1003 offline
agent 1001 paused (小休)
agent 1002 offline
agent 1003 available
