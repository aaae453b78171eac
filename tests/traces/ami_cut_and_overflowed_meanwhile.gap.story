agent 1004 offline
agent 1001 offline
agent 1002 offline
agent 1003 offline
offered 12345
queued hotline 1
overflowed hotline gave_up, ~ wait 6.5 queue 4.9
ended by system, talk 0.0
