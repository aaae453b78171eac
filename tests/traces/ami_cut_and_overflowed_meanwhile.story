agent 1004 offline
agent 1001 offline
agent 1002 offline
agent 1003 offline
offered 12345
queued hotline 1
abandoned hotline, ~ wait 7.1 queue 5.5
ended by system, talk 0.0
