offered 12345
queued hotline 1
ringing 1001
agent 1001 ringing
missed 1001 no_answer 4.0
agent 1001 paused (Auto-Pause)
abandoned hotline, wait 7.6 queue 6.0
ended by caller, talk 0.0
