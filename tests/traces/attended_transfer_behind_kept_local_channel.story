agent 1001 available
agent 1001 available
offered 12345
queued hotline 1
ringing 1001
agent 1001 ringing
agent 1001 talking
answered 1001, wait 5.1 queue 1.0 ring 1.0
agent 1001 joins
held by agent (1001)
agent 1001 hold
resumed by agent (1001) after 2.1
agent 1001 talking
agent 1001 leaves after 3.1
extension 1003 joins
attended transfer by 1001 to 1003 completed
agent 1001 available
extension 1003 leaves after 1.0
ended by caller, talk 2.1, held 2.1
