"""The clients of a folder `clients/`: setting them up, and the table of what each of them gets."""
