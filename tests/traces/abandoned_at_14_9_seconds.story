offered 12345
queued hotline 1
abandoned hotline, wait 14.9 queue 13.3
ended by caller, talk 0.0
