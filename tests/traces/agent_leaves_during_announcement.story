agent 1001 available
offered 12345
queued hotline 1
ringing 1001
agent 1001 ringing
agent 1001 talking
missed 1001 rejected 0.7
agent 1001 available
ringing 1001
agent 1001 ringing
missed 1001 caller_left 0.0
abandoned hotline, wait 5.0 queue 3.4
agent 1001 available
ended by caller, talk 0.0
