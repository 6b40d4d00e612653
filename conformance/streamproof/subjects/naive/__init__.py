"""The naive client: what is often written in an afternoon, with the mistakes that are usual.  It must fail."""
