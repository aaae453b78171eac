agent 1002 available
offered 12345
queued hotline 1
ringing 1001
agent 1001 ringing
missed 1001 no_answer 4.0
agent 1001 available
ringing 1002
agent 1002 ringing
agent 1002 talking
answered 1002, wait 10.0 queue 6.0 ring 1.0
agent 1002 joins
agent 1002 leaves after 1.0
ended by caller, talk 1.0
agent 1002 available
