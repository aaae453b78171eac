agent 1004 offline
agent 1001 offline
agent 1002 offline
agent 1003 offline
