"""Files of a workspace: what runs take and make, by reference."""
