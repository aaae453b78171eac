agent 1004 offline
agent 1001 offline
agent 1002 offline
agent 1003 offline
offered 
queued hotline 1
abandoned hotline, ~ wait 5.0 queue 3.0
ended by caller, talk 0.0
