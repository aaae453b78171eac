offered 12345
queued hotline 1
overflowed hotline gave_up, wait 4.1 queue 4.0
queued duty 1
overflowed duty gave_up, wait 7.1 queue 3.0
ended by system, talk 0.0
