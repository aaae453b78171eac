offered 12345
abandoned , wait 0.7
ended by caller, talk 0.0
