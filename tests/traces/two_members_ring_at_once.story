offered 12345
queued hotline 1
ringing 1002
agent 1002 ringing
ringing 1001
agent 1001 ringing
missed 1001 answered_elsewhere 1.0
agent 1002 talking
agent 1001 available
answered 1002, wait 5.0 queue 1.0 ring 1.0
agent 1002 joins
agent 1002 leaves after 1.0
ended by caller, talk 1.0
agent 1002 available
