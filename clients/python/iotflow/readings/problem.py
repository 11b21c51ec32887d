"""What is wrong with a reading."""


class InvalidReading(Exception):
    """reason: a word for programs; message: a sentence for people. field: where in the reading, or in the whole payload; measurement:
    whose value it is, empty where the whole reading is concerned; index: the reading's place in its list, None where there is
    no list."""

    def __init__(
        self, reason: str, message: str, *, field: str = "", measurement: str = "", index: int | None = None
    ) -> None:
        super().__init__(message)
        self.reason = reason
        self.message = message
        self.field = field
        self.measurement = measurement
        self.index = index
