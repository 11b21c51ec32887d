package main

import (
	"slices"
	"sync"
	"time"
)

// Delays are counted in steps of 0.1 ms up to 100 s.
const (
	stepsOfMillisecond = 10
	steps              = 1_000_000
)

// delays counts delays, so that the memory of the generator does not grow with its messages.
type delays struct {
	mutex  sync.Mutex
	counts [steps + 1]uint32
	total  int
}

func (d *delays) add(delay time.Duration) {
	step := min(max(int(delay*stepsOfMillisecond/time.Millisecond), 0), steps)
	d.mutex.Lock()
	d.counts[step]++
	d.total++
	d.mutex.Unlock()
}

// quantile is in milliseconds; 0 where there is no delay.
func (d *delays) quantile(share float64) float64 {
	rank := int(share * float64(d.total-1))
	for step, count := range d.counts {
		if rank -= int(count); rank < 0 {
			return float64(step) / stepsOfMillisecond
		}
	}
	return 0
}

type run struct {
	options
	devices []*device
	begin   time.Time
	last    time.Time
	toStore delays
	toSend  delays
	mutex   sync.Mutex
	failed  int
	problem string
}

func newRun(given options, devices []*device) *run {
	return &run{options: given, devices: devices}
}

// connect opens all connections, spread over a time.
func (r *run) connect() {
	each(r.devices, func(number int, one *device) {
		time.Sleep(time.Duration(number) * r.spread / time.Duration(len(r.devices)))
		if err := one.connect(r.address); err != nil {
			one.isLost = true
			r.mutex.Lock()
			r.failed++
			r.problem = err.Error()
			r.mutex.Unlock()
		}
	})
	r.begin = time.Now().Add(r.start).Truncate(time.Second).Add(time.Second)
}

// publish sends all messages at their times, and waits for the acknowledgements.
func (r *run) publish() {
	each(r.devices, func(_ int, one *device) {
		if one.isLost {
			return
		}
		go one.listen(func(message int) { r.toStore.add(time.Since(r.due(one, message))) })
		r.publishAll(one)
		if len(one.acknowledged) > 0 && !one.isLost {
			select {
			case <-one.drained:
			case <-time.After(r.drain):
			}
		}
		_, _ = one.conn.Write([]byte{typeDisconnect, 0})
		_ = one.conn.Close()
	})
	r.last = time.Now()
}

func (r *run) publishAll(one *device) {
	for message := range one.acknowledged {
		due := r.due(one, message)
		time.Sleep(time.Until(due))
		r.toSend.add(time.Since(due))
		if err := one.publish(message, one.reading(message, due, r.fields)); err != nil {
			one.isLost = true
			return
		}
	}
}

// due is the time of a message. The devices share the interval evenly, in whole milliseconds.
func (r *run) due(one *device, message int) time.Time {
	phase := time.Duration(one.number) * r.interval / time.Duration(len(r.devices))
	return r.begin.Add(phase + time.Duration(message)*r.interval).Truncate(time.Millisecond)
}

func (r *run) result() result {
	found := result{
		Connections: len(r.devices) - r.failed, Failed: r.failed, Problem: r.problem, First: r.begin.UnixMilli(),
		DelayP50: r.toStore.quantile(0.5), DelayP99: r.toStore.quantile(0.99), DelayMax: r.toStore.quantile(1),
		SendDelayP99: r.toSend.quantile(0.99), SecondsToLast: r.last.Sub(r.begin).Seconds(),
		Acknowledged: r.toStore.total,
	}
	var connected []float64
	for _, one := range r.devices {
		found.Messages += len(one.acknowledged)
		found.Sent += one.sent
		if one.connected > 0 {
			connected = append(connected, float64(one.connected)/float64(time.Millisecond))
		}
		if one.isLost && one.connected > 0 {
			found.Lost++
		}
	}
	if slices.Sort(connected); len(connected) > 0 {
		found.ConnectP99, found.ConnectMax = connected[len(connected)*99/100], connected[len(connected)-1]
	}
	return found
}
