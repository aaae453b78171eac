agent 1001 available
offered 12345
queued hotline 1
ringing 1001
agent 1001 ringing
missed 1001 no_answer 4.0
overflowed hotline gave_up, wait 5.6 queue 4.0
agent 1001 paused (小休)
ended by system, talk 0.0
