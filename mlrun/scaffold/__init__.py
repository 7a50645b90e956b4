"""What a folder of scripts would say of itself in a project file. Nothing of it is run."""
