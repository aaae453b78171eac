offered 12345
queued hotline 1
ringing 1001
agent 1001 ringing
missed 1001 busy 1.0
agent 1001 available
ringing 1002
agent 1002 ringing
agent 1002 talking
answered 1002, wait 5.0 queue 1.0 ring 0.0
agent 1002 joins
agent 1002 leaves after 1.0
agent 1002 available
ended by caller, talk 1.0
