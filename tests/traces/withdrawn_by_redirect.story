offered 12345
queued hotline 1
overflowed hotline gave_up, wait 3.6 queue 2.0
answered 1002, wait 4.6 queue 2.0
extension 1002 joins
extension 1002 leaves after 1.0
ended by caller, talk 1.0
