"""dlt sources. Each runs alone, by one command, and knows nothing of who schedules it."""
