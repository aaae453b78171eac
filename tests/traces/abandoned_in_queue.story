offered 12345
queued hotline 1
abandoned hotline, wait 4.6 queue 3.0
ended by caller, talk 0.0
