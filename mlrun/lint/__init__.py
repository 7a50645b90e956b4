"""`mlrun lint`: everything that is wrong or suspicious in a project's files, found at once."""
