agent 1003 talking
agent 1003 talking
agent 1001 talking
agent 1001 available
agent 1003 available
