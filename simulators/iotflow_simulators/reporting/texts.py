"""Texts for people."""


def clock(seconds: int) -> str:
    """A time of a run: 90 is 1:30."""
    hours, rest = divmod(seconds, 3_600)
    minutes, seconds = divmod(rest, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"


def visible(text: str) -> str:
    """The text without what moves a cursor, changes colours, or is forbidden in XML."""
    return "".join(each if each.isprintable() else "\N{REPLACEMENT CHARACTER}" for each in text)
