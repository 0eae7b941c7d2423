"""What was learnt, over HTTP."""
