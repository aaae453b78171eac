offered 12345
queued hotline 1
abandoned hotline, wait 15.1 queue 13.5
ended by caller, talk 0.0
