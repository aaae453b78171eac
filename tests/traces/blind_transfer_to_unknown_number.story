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
resumed by agent (1001) after 4.6
agent 1001 talking
agent 1001 leaves after 7.0
agent 1001 available
ended by agent, talk 2.4, held 4.6
