package record

func leaveUntilKilled(string) {}
