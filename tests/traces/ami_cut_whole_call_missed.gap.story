agent 1004 offline
agent 1001 available
agent 1002 offline
agent 1003 offline
offered 
queued hotline 1
answered 1001, ~ wait 5.0 queue 1.0
agent 1001 joins
agent 1001 leaves after 1.0
ended by caller, talk 1.0
