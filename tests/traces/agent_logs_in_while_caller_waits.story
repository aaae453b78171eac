offered 12345
queued hotline 1
agent 1001 available
ringing 1001
agent 1001 ringing
agent 1001 talking
answered 1001, wait 7.5 queue 3.5 ring 0.5
agent 1001 joins
agent 1001 leaves after 1.0
ended by caller, talk 1.0
agent 1001 available
agent 1001 offline
