agent 1004 offline
agent 1001 offline
agent 1002 offline
agent 1003 offline
offered 12345
queued hotline 1
abandoned hotline, ~ wait 3.9 queue 2.3
ended by caller, talk 0.0
