"""What a project says of its environments, in its file and in the files that this names."""
