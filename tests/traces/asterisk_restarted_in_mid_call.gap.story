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
overflowed hotline gave_up, wait 3.6 queue 2.0
agent 1001 leaves after 3.6
ended by system, talk 0.0
agent 1001 available
ended by system, talk 3.6
agent 1001 offline
offered 12345
queued hotline 1
agent 1001 available
ringing 1001
agent 1001 ringing
agent 1001 talking
answered 1001, wait 9.5 queue 5.5 ring 0.5
agent 1001 joins
agent 1001 leaves after 1.0
ended by caller, talk 1.0
agent 1001 available
