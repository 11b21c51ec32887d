package iotflow

import (
	"math"
	"testing"
	"time"
)

func TestPausesDoubleUpToTheirLimit(t *testing.T) {
	var pauses backoff
	longest := firstPause
	for range 100 {
		got := pauses.next(time.Second) - time.Second
		if got < longest/2 || got > longest {
			t.Fatalf("pause %s, and %s is the longest", got, longest)
		}
		longest = min(2*longest, longestPause)
	}
	pauses.reset()
	if got := pauses.next(0); got > firstPause {
		t.Errorf("pause %s after a success", got)
	}
}

func TestTheServersWishIsBounded(t *testing.T) {
	for wish, least := range map[time.Duration]time.Duration{
		time.Minute: time.Minute, time.Hour: time.Hour, time.Hour + 1: time.Hour, math.MaxInt64: time.Hour,
		-1: 0, -time.Hour: 0, math.MinInt64: 0,
	} {
		var pauses backoff
		if got := pauses.next(wish); got < least+firstPause/2 || got > least+firstPause {
			t.Errorf("pause %s after a wish of %s", got, wish)
		}
	}
}
