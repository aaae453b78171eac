agent 1001 available
outbound by 1001 to 13800000001
agent 1001 talking
outbound ended, in vain, talk 0.0
agent 1001 available
