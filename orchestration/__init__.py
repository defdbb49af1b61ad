"""The Dagster code location: partitions, assets, jobs, schedules, sensors, and the registry they act on."""
