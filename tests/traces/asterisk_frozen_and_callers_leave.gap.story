agent 1004 offline
agent 1001 available
agent 1002 offline
agent 1003 offline
offered 12345
queued hotline 1
ringing 1001
agent 1001 ringing
agent 1001 talking
answered 1001, wait 4.1 queue 0.1 ring 0.1
agent 1001 joins
offered 12345
queued hotline 1
abandoned hotline, wait 6.3 queue 4.7
agent 1001 leaves after 6.3
ended by caller, talk 0.0
ended by caller, talk 6.3
agent 1001 available
