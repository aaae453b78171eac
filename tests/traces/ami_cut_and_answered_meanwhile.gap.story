agent 1004 offline
agent 1001 offline
agent 1002 offline
agent 1003 offline
offered 12345
queued hotline 1
answered 1001, ~ wait 7.9 queue 3.3
agent 1001 joins
agent 1001 talking
agent 1001 leaves after 4.2
ended by caller, talk 4.2
agent 1001 available
