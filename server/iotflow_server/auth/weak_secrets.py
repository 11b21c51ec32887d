"""Rules for secrets that an operator chooses."""

SHORTEST, FEWEST_DIFFERENT = 16, 6


def weakness(secret: str) -> str:
    """The problem of the secret, as the end of a sentence without the secret; empty: there is none."""
    if len(secret) < SHORTEST:
        return f"is too short for a secret: at least {SHORTEST} characters are needed"
    if len(set(secret)) < FEWEST_DIFFERENT:
        return f"is too easy to guess: at least {FEWEST_DIFFERENT} different characters are needed"
    return ""
