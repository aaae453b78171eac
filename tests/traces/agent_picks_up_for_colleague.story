agent 1001 available
offered 12345
queued hotline 1
ringing 1001
agent 1001 ringing
agent 1003 available
agent 1003 available
agent 1003 talking
missed 1001 answered_elsewhere 0.1
agent 1003 talking
agent 1001 available
answered 1003, wait 4.1 queue 0.1 ring 0.1
agent 1003 joins
agent 1003 leaves after 1.0
ended by caller, talk 1.0
agent 1003 available
