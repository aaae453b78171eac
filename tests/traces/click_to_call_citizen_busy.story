agent 1001 available
agent 1001 talking
outbound by 1001 to 13800000001
outbound ended, in vain, talk 0.0
agent 1001 available
