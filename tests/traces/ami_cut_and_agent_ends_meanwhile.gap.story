agent 1004 offline
agent 1001 available
agent 1002 offline
agent 1003 offline
offered 12345
queued hotline 1
ringing 1001
agent 1001 ringing
agent 1001 talking
answered 1001, wait 5.1 queue 1.1 ring 1.1
agent 1001 joins
agent 1001 leaves after 1.8
ended by agent, talk 1.8
agent 1001 available
