"""What mlrun knows of bash: where in a command a value stands, and how it is written there."""
