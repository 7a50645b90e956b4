"""The programs that install Python packages, and the user's settings for them."""
