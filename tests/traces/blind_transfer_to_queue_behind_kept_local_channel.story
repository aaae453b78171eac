offered 12345
queued hotline 1
agent 1001 available
agent 1001 available
ringing 1001
agent 1001 ringing
agent 1001 talking
answered 1001, wait 5.0 queue 1.0 ring 1.0
agent 1001 joins
agent 1001 leaves after 1.1
agent 1002 available
blind transfer by 1001 to 8001 completed
queued complaints 1
agent 1002 available
agent 1001 available
agent 1001 offline
ringing 1002
agent 1002 ringing
agent 1002 talking
answered 1002, wait 5.0 queue 1.0 ring 1.0
agent 1002 joins
agent 1002 leaves after 1.0
agent 1002 available
ended by agent, talk 2.1
