offered 12345
queued hotline 1
overflowed hotline gave_up, wait 4.1 queue 4.0
queued duty 1
abandoned duty, wait 6.1 queue 2.0
ended by caller, talk 0.0
