offered 12345
queued hotline 1
ringing 1001
agent 1001 ringing
missed 1001 no_answer 4.0
agent 1001 available
ringing 1001
agent 1001 ringing
missed 1001 no_answer 4.0
agent 1001 available
overflowed hotline gave_up, wait 11.6 queue 10.0
ended by system, talk 0.0
