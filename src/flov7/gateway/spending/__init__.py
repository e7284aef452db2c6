"""What calls to models took, over HTTP."""
