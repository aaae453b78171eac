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
resumed by agent (1001) after 2.1
agent 1001 talking
agent 1003 available
agent 1001 leaves after 4.3
ended by caller, talk 2.2, held 2.1
agent 1001 available
