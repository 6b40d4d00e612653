"""The scenario language: YAML in, plans out; and the catalogue of scenarios that the project ships."""
