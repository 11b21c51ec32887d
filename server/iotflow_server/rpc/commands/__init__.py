"""Commands, as operators send them and as devices receive them."""
