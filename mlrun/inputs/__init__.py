"""What a run reads from elsewhere: remote paths, brought to this machine once."""
