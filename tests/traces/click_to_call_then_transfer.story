agent 1001 available
agent 1001 talking
outbound by 1001 to 13800000001
agent 1001 talking
outbound answered, 1001
agent 1003 available
agent 1003 available
agent 1003 talking
agent 1003 available
outbound ended, answered, talk 3.6
agent 1001 available
