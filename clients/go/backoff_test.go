package iotflow

import (
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
