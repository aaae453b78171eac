agent 1001 talking
outbound by 1001 to 13800000001
agent 1001 talking
outbound answered, 1001
outbound ended, answered, talk 1.0
agent 1001 available
