agent 1004 offline
agent 1001 available
agent 1002 offline
agent 1003 offline
offered 12345
queued hotline 1
ringing 1001
agent 1001 ringing
agent 1001 talking
answered 1001, wait 6.5 queue 2.5 ring 2.5
agent 1001 joins
agent 1001 leaves after 1.0
ended by caller, talk 1.0
agent 1001 available
