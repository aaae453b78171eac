agent 1004 offline
agent 1001 offline
agent 1002 offline
agent 1003 offline
offered 12345
queued hotline 1
abandoned hotline, ~ wait 11.1 queue 9.5
ended by system, talk 0.0
agent 1001 available
