"""The open streams of this process, and the rules that end them."""
