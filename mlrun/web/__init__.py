"""Files of web servers: one transport for all that mlrun downloads."""
