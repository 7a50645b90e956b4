"""YAML files as nodes that know their place, and what is wrong with them."""
