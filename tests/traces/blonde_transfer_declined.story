agent 1001 available
offered 12345
queued hotline 1
ringing 1001
agent 1001 ringing
agent 1001 talking
answered 1001, wait 5.0 queue 1.0 ring 1.0
agent 1001 joins
held by agent (1001)
agent 1001 hold
agent 1003 available
agent 1003 available
agent 1003 talking
resumed by agent (1001) after 0.0
agent 1001 talking
agent 1001 leaves after 1.1
agent 1001 available
blonde transfer by 1001 to 1003 failed
agent 1003 available
queued hotline 1
ringing 1003
agent 1003 ringing
missed 1003 caller_left 1.0
agent 1003 available
ended by caller, talk 1.1, held 0.0
