"""Links: the state of a page as short texts of an address, and back."""
