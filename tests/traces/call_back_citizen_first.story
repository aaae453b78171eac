offered 12345
queued hotline 1
abandoned hotline, wait 2.6 queue 1.0
ended by caller, talk 0.0
agent 1001 available
outbound by nobody to 13800000001
agent 1001 talking
agent 1001 talking
outbound answered, 1001
outbound ended, answered, talk 1.0
agent 1001 available
