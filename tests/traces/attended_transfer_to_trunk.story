offered 12345
queued hotline 1
agent 1001 available
ringing 1001
agent 1001 ringing
agent 1001 talking
answered 1001, wait 5.0 queue 1.0 ring 1.0
agent 1001 joins
held by agent (1001)
agent 1001 hold
outbound by 1001 to 02787654321
agent 1001 talking
outbound answered, 1001
resumed by agent (1001) after 2.1
agent 1001 talking
agent 1001 leaves after 3.1
outbound ended, answered, talk 1.0
external 02787654321 joins
attended transfer by 1001 to 02787654321 completed
agent 1001 available
external 02787654321 leaves after 1.0
ended by agent, talk 2.1, held 2.1
