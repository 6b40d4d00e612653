"""The book of rules as pages and on the terminal: what the data says of each dialect, written for readers."""
