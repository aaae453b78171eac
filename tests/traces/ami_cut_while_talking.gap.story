agent 1004 offline
agent 1001 available
agent 1002 offline
agent 1003 offline
offered 12345
queued hotline 1
ringing 1001
agent 1001 ringing
agent 1001 talking
answered 1001, wait 5.0 queue 1.0 ring 1.0
agent 1001 joins
agent 1001 leaves after 2.5
ended by caller, talk 2.5
agent 1001 available
