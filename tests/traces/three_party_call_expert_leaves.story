offered 12345
queued hotline 1
ringing 1001
agent 1001 ringing
agent 1001 talking
answered 1001, wait 5.1 queue 1.0 ring 1.0
agent 1001 joins
held by agent (1001)
agent 1001 hold
agent 1001 leaves after 4.6
resumed by agent (1001) after 5.6
agent 1001 talking
external 13900000003 joins
agent 1001 joins
external 13900000003 leaves after 2.0
agent 1001 leaves after 3.0
ended by caller, talk 4.4, held 5.6
agent 1001 available
