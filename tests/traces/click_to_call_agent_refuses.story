agent 1001 talking
agent 1001 available
