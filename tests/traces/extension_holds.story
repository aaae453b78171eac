offered 12345
queued hotline 1
ringing 1001
agent 1001 ringing
agent 1001 ringing
agent 1001 talking
answered 1001, wait 5.0 queue 1.0 ring 1.0
agent 1001 joins
agent 1001 leaves after 1.1
agent 1001 available
extension 1003 joins
blind transfer by 1001 to 1003 completed
held by agent (1003)
resumed by agent (1003) after 1.0
extension 1003 leaves after 2.5
ended by caller, talk 2.6, held 1.0
