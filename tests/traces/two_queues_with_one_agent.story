agent 1001 available
agent 1001 available
offered 12345
queued hotline 1
ringing 1001
agent 1001 ringing
agent 1001 talking
answered 1001, wait 5.0 queue 1.0 ring 1.0
agent 1001 joins
offered 12346
queued duty 1
agent 1001 leaves after 2.2
ended by caller, talk 2.2
agent 1001 available
ringing 1001
agent 1001 ringing
agent 1001 talking
answered 1001, wait 3.6 queue 3.5 ring 0.5
agent 1001 joins
agent 1001 leaves after 1.0
ended by caller, talk 1.0
agent 1001 available
