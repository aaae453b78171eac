offered 12345
queued hotline 1
missed 1001 unreachable 0.0
agent 1001 available
abandoned hotline, wait 6.1 queue 4.5
ended by caller, talk 0.0
