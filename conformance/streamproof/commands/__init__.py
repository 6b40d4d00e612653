"""The commands of `streamproof`: one file each; options and output that several share stand beside them."""
