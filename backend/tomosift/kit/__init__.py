"""The ground floor: settings, database, problem details, outbox, paging, logging."""
