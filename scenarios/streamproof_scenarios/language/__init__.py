"""The scenario language: from the text of a file to checked values, with the place of everything."""
