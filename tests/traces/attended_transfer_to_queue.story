offered 12345
queued hotline 1
ringing 1001
agent 1001 ringing
agent 1001 talking
answered 1001, wait 5.1 queue 1.1 ring 1.1
agent 1001 joins
held by agent (1001)
agent 1001 hold
agent 1003 available
agent 1003 available
agent 1003 talking
resumed by agent (1001) after 3.5
agent 1001 talking
agent 1001 leaves after 5.1
agent 1003 talking
agent 1003 joins
attended transfer by 1001 to 8001 completed
agent 1001 available
agent 1003 leaves after 1.0
ended by caller, talk 2.6, held 3.5
agent 1003 available
