offered 12345
queued hotline 1
overflowed hotline gave_up, wait 6.6 queue 5.0
ended by system, talk 0.0
