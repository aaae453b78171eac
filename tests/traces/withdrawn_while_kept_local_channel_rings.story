offered 12345
queued hotline 1
ringing 1001
agent 1001 ringing
agent 1001 ringing
missed 1001 caller_left 1.0
overflowed hotline gave_up, wait 2.6 queue 1.0
agent 1001 available
answered 1003, wait 3.1 queue 1.0
extension 1003 joins
extension 1003 leaves after 1.0
ended by caller, talk 1.0
