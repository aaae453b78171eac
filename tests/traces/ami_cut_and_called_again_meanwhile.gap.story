agent 1004 offline
agent 1001 offline
agent 1002 offline
agent 1003 offline
offered 12345
queued hotline 1
offered 
queued hotline 1
abandoned hotline, ~ wait 4.0 queue 2.4
ended by caller, talk 0.0
agent 1001 available
ringing 1001
agent 1001 ringing
agent 1001 talking
answered 1001, ~ wait 9.5 queue 6.1 ring 1.0
agent 1001 joins
agent 1001 leaves after 1.0
ended by caller, talk 1.0
agent 1001 available
