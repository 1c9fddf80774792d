"""Running programs: through Prefect, or without it (break-glass), with one step runner."""
