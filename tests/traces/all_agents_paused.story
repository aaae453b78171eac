agent 1002 available
agent 1001 paused (小休)
agent 1002 paused (小休)
offered 12345
queued hotline 1
overflowed hotline gave_up, wait 6.6 queue 5.0
ended by system, talk 0.0
