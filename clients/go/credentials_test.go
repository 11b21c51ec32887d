package iotflow

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc/codes"
)

var wrongKey = &Error{Code: codes.Unauthenticated, Reason: "WRONG_KEY", Message: "wrong"}

// asking has credentials whose handler counts the questions, and gives the answers in turn and then the last one.
type asking struct {
	*credentials
	t       *testing.T
	answers []string
	asked   int
}

func newAsking(t *testing.T, answers ...string) *asking {
	t.Helper()
	a := &asking{t: t, answers: answers}
	a.credentials = newCredentials(Config{APIKey: "old", OnCredentialWanted: a.answer})
	return a
}

func (a *asking) answer(context.Context, *Error) (string, error) {
	answer := a.answers[min(a.asked, len(a.answers)-1)]
	a.asked++
	return answer, nil
}

func (a *asking) mustSet(apiKey string) {
	a.t.Helper()
	if err := a.set(apiKey); err != nil {
		a.t.Fatal(err)
	}
}

// expectPause asks for another key, which takes a pause of at most this length and at least the half of it, after delay.
func (a *asking) expectPause(rejected *Error, delay, longest time.Duration) {
	a.t.Helper()
	began, before := time.Now(), a.asked
	if a.renew(a.t.Context(), a.current(), rejected) != nil || a.asked != before+1 {
		a.t.Fatalf("asked %d times after %d", a.asked, before)
	}
	if pause := time.Since(began); pause < delay+longest/2 || pause > delay+longest {
		a.t.Errorf("a pause of %s, and at most %s after %s is expected", pause, longest, delay)
	}
}

func TestQuestionsWhoseAnswersAreRejectedComeAfterPauses(t *testing.T) {
	for _, answers := range [][]string{{"old"}, {"new"}, {"new", "newer", "new", "newer"}} {
		t.Run(fmt.Sprint(answers), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a := newAsking(t, answers...)
				a.expectPause(wrongKey, 0, 0)
				for _, longest := range []time.Duration{200, 400, 800} {
					a.expectPause(wrongKey, 0, longest*time.Millisecond)
				}
				limited := &Error{Code: codes.Unauthenticated, RetryAfter: 7 * time.Second}
				a.expectPause(limited, 7*time.Second, 1600*time.Millisecond)
			})
		})
	}
}

func TestTheQuestionAfterAnAcceptedKeyComesAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAsking(t, "1", "2", "3", "4", "5")
		a.expectPause(wrongKey, 0, 0)
		former := a.current()
		a.expectPause(wrongKey, 0, 200*time.Millisecond)
		// A stream with the key before tells nothing about the present one.
		a.accepted(former)
		a.expectPause(wrongKey, 0, 400*time.Millisecond)
		a.accepted(a.current())
		a.expectPause(wrongKey, 0, 0)
		a.expectPause(wrongKey, 0, 200*time.Millisecond)
	})
}

func TestTheQuestionAfterAKeyOfTheApplicationComesAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAsking(t, "1", "2", "3")
		a.expectPause(wrongKey, 0, 0)
		a.expectPause(wrongKey, 0, 200*time.Millisecond)
		a.mustSet("rotated")
		a.expectPause(wrongKey, 0, 0)
	})
}

func TestAKeyOfTheApplicationDuringThePauseIsUsedWithoutAQuestion(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAsking(t, "1")
		a.expectPause(wrongKey, 0, 0)
		var renewed sync.WaitGroup
		renewed.Go(func() {
			if err := a.renew(t.Context(), a.current(), wrongKey); err != nil {
				t.Errorf("there is no other key: %v", err)
			}
		})
		synctest.Wait()
		a.mustSet("rotated")
		renewed.Wait()
		if a.asked != 1 || a.apiKey != "rotated" {
			t.Errorf("asked %d times, and the key is %s", a.asked, a.apiKey)
		}
	})
}

func TestTheEndOfACallerEndsThePause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAsking(t, "1")
		a.expectPause(wrongKey, 0, 0)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if a.renew(ctx, a.current(), wrongKey) != wrongKey || a.asked != 1 {
			t.Errorf("asked %d times", a.asked)
		}
	})
}

// The handler may take any time, also where it does not heed its context.
func TestTheEndOfACallerEndsTheQuestion(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		answer := make(chan string)
		c := newCredentials(Config{APIKey: "old", OnCredentialWanted: func(context.Context, *Error) (string, error) {
			return <-answer, nil
		}})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := c.renew(ctx, c.current(), wrongKey); err != wrongKey {
			t.Errorf("error %v", err)
		}
		answer <- "new"
		synctest.Wait()
		if err := c.renew(t.Context(), 0, wrongKey); err != nil || c.apiKey != "new" {
			t.Errorf("error %v, and the late answer is not used", err)
		}
	})
}
