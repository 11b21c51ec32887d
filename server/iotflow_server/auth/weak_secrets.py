"""Which secrets are too easy to guess."""

SHORTEST, FEWEST_DIFFERENT = 16, 6


def weakness(secret: str) -> str:
    """What is wrong with a secret that somebody chose, as a sentence that does not show it; empty: nothing is."""
    if len(secret) < SHORTEST:
        return f"is too short for a secret: at least {SHORTEST} characters are needed"
    if len(set(secret)) < FEWEST_DIFFERENT:
        return f"is too easy to guess: at least {FEWEST_DIFFERENT} different characters are needed"
    return ""
