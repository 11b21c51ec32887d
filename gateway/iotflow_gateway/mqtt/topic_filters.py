"""Matches topics with the filters of subscriptions (4.7)."""


def has_wildcard(topic_filter: str) -> bool:
    """Whether a filter can match more than one topic."""
    return "+" in topic_filter or "#" in topic_filter


def matches(topic_filter: str, topic: str) -> bool:
    """Whether a valid filter matches a topic. A wildcard at its beginning matches no topic with a leading $ [MQTT-4.7.2-1]."""
    if not has_wildcard(topic_filter):
        return topic_filter == topic
    if topic.startswith("$") and topic_filter[0] in "+#":
        return False
    wanted, levels = topic_filter.split("/"), topic.split("/")
    if wanted[-1] == "#":
        # It also matches the level above.
        del wanted[-1]
        levels = levels[: len(wanted)]
    return len(wanted) == len(levels) and all(one in ("+", level) for one, level in zip(wanted, levels, strict=True))
