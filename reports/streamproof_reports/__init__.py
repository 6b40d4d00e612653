"""The result document and everything that is written from it.  Results only: how they came about is not known here."""
