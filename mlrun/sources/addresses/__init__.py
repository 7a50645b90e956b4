"""What a URI names. Nothing is fetched here."""
