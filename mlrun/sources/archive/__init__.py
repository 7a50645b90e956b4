"""A project in an archive: downloaded, checked, unpacked for one run."""
