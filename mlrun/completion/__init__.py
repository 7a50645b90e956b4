"""What a shell offers when a person presses Tab. It must be quick, so Click is not imported."""
