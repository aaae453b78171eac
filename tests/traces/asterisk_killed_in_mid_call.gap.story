agent 1004 offline
agent 1001 available
agent 1002 offline
agent 1003 offline
offered 12345
queued hotline 1
ringing 1001
agent 1001 ringing
agent 1001 talking
answered 1001, wait 4.0 queue 0.0 ring 0.0
agent 1001 joins
offered 12345
queued hotline 1
agent 1001 leaves after 4.1
ended by system, talk 4.1
abandoned hotline, ~ wait 4.1 queue 2.5
ended by system, talk 0.0
agent 1001 offline
offered 12345
queued hotline 1
agent 1001 available
ringing 1001
agent 1001 ringing
agent 1001 talking
answered 1001, wait 17.5 queue 13.5 ring 0.5
agent 1001 joins
agent 1001 leaves after 1.0
agent 1001 available
ended by caller, talk 1.0
