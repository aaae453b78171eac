agent 1001 available
offered 12345
queued hotline 1
ringing 1001
agent 1001 ringing
agent 1001 talking
answered 1001, wait 5.1 queue 1.0 ring 1.0
agent 1001 joins
agent 1003 available
agent 1003 available
held by agent (1001)
agent 1001 hold
agent 1001 leaves after 3.0
agent 1003 talking
resumed by agent (1001) after 3.5
agent 1001 talking
agent 1003 talking
agent 1003 joins
blonde transfer by 1001 to 1003 completed
agent 1001 available
agent 1003 leaves after 1.0
agent 1003 available
ended by caller, talk 2.5, held 3.5
