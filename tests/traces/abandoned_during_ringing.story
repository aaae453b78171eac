agent 1001 available
offered 12345
queued hotline 1
ringing 1001
agent 1001 ringing
missed 1001 caller_left 2.0
abandoned hotline, wait 3.6 queue 2.0
ended by caller, talk 0.0
agent 1001 available
