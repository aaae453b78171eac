agent 1001 available
offered 12345
queued hotline 1
ringing 1001
agent 1001 ringing
agent 1001 talking
abandoned hotline, wait 2.3 queue 0.0 ring 0.0
ended by caller, talk 0.0
agent 1001 available
