offered 12345
queued hotline 1
agent 1001 available
ringing 1001
agent 1001 ringing
agent 1001 ringing
missed 1001 answered_elsewhere 1.0
agent 1003 talking
agent 1001 available
answered 1003, wait 5.0 queue 1.0 ring 1.0
agent 1003 joins
agent 1003 leaves after 1.0
agent 1003 offline
ended by caller, talk 1.0
