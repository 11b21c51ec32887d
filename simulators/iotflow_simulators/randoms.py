"""Random numbers that are equal on any machine: SplitMix64 over counters, and only + - * / on its words.

A number depends on the seed, the device's name, the purpose and an index, and never on the order of the calls.
"""

from collections.abc import Sequence
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

Words = NDArray[np.uint64]
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
_STEP = np.uint64(0x9E3779B97F4A7C15)
_FIRST = np.uint64(0xBF58476D1CE4E5B9)
_SECOND = np.uint64(0x94D049BB133111EB)
_SHORT = np.uint64(0xFFFF)
_UNIT = 2.0**-53
# Four numbers of 16 bits have this mean, and their sum this many units in one standard deviation.
_MEAN_OF_FOUR = 131_070.0
_DEVIATIONS = 2.6428731e-05


def key(*words: str | int) -> int:
    """64 bits of a sequence of words."""
    state = blake2b(digest_size=8)
    for word in words:
        data = str(word).encode("utf-8")
        state.update(len(data).to_bytes(4, "big") + data)
    return int.from_bytes(state.digest(), "big")


def device_keys(seed: int, names: Sequence[str]) -> Words:
    """A key for each device."""
    return np.array([key(seed, name) for name in names], np.uint64)


def mixed(words: Words) -> Words:
    """SplitMix64's finalizer of each word."""
    words = (words ^ (words >> np.uint64(30))) * _FIRST
    words = (words ^ (words >> np.uint64(27))) * _SECOND
    return words ^ (words >> np.uint64(31))


class Draws:
    """The random numbers of some devices for one purpose."""

    def __init__(self, keys: Words, purpose: str) -> None:
        self._keys = mixed(keys ^ np.uint64(key(purpose)))
        self._all = np.arange(len(keys), dtype=np.int64)

    def words(self, device: Ints, index: Ints) -> Words:
        """64 random bits for each (device, index)."""
        return mixed(self._keys[device] + (index.astype(np.uint64) + np.uint64(1)) * _STEP)

    def uniform(self, device: Ints, index: Ints) -> Floats:
        """Numbers in [0, 1)."""
        return _units(self.words(device, index))

    def below(self, device: Ints, index: Ints, probability: float) -> NDArray[np.bool_]:
        """True with this probability."""
        return self.uniform(device, index) < probability

    def noise(self, device: Ints, index: Ints) -> Floats:
        """Numbers with mean 0 and standard deviation 1, nearly normal, within ±3.5: the sum of four uniform numbers."""
        words = self.words(device, index)
        total = (words & _SHORT) + ((words >> np.uint64(16)) & _SHORT)
        total += ((words >> np.uint64(32)) & _SHORT) + (words >> np.uint64(48))
        return (total.astype(np.float64) - _MEAN_OF_FOUR) * _DEVIATIONS

    def smooth(self, device: Ints, time: Ints, period: int) -> Floats:
        """Numbers in [-1, 1] that change smoothly with the time, and are independent after two periods."""
        index = time // period
        share = (time - index * period) / np.float64(period)
        ease = share * share * (3.0 - 2.0 * share)
        first = self.uniform(device, index)
        return (first + (self.uniform(device, index + 1) - first) * ease) * 2.0 - 1.0

    def between(self, low: float, high: float) -> Floats:
        """A constant of each device."""
        return low + (high - low) * _units(mixed(self._keys + _STEP))

    def whole(self, below: int) -> Ints:
        """A constant of each device: a whole number from 0 to below - 1. below: a number under 2^31."""
        return ((mixed(self._keys + _STEP) >> np.uint64(33)).astype(np.int64) * below) >> np.int64(31)


def _units(words: Words) -> Floats:
    return (words >> np.uint64(11)).astype(np.float64) * _UNIT
