agent 1002 available
offered 12345
offered 12345
queued hotline 1
queued hotline 2
ringing 1001
agent 1001 ringing
ringing 1002
agent 1002 ringing
agent 1001 talking
agent 1002 talking
answered 1001, wait 4.0 queue 0.0 ring 0.0
agent 1001 joins
answered 1002, wait 4.1 queue 0.1 ring 0.1
agent 1002 joins
agent 1001 leaves after 1.0
ended by caller, talk 1.0
agent 1001 available
agent 1002 leaves after 1.0
agent 1002 available
ended by agent, talk 1.0
