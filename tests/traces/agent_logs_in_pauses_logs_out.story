agent 1001 offline
agent 1001 available
agent 1001 paused (培训)
agent 1001 available
agent 1001 offline
agent 1001 available
agent 1001 offline
