// Command mqttload publishes a deterministic sequence of readings over many MQTT 3.1.1 connections, in an open loop.
//
// Each connection publishes one message of QoS 1 an interval. The delay of a message counts from the time at which it was due
// until its PUBACK: a generator or a service that falls behind shows in it. The result is one line of JSON on the standard output.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"strings"
	"sync"
	"time"
)

// options are those of the command line.
type options struct {
	address     string
	credentials string
	fates       string
	interval    time.Duration
	seconds     int
	fields      int
	spread      time.Duration
	drain       time.Duration
	start       time.Duration
}

// result is what the run measured. Times are in milliseconds.
type result struct {
	Connections   int     `json:"connections"`
	Failed        int     `json:"failed"`
	Problem       string  `json:"problem"`
	ConnectP99    float64 `json:"connect_p99"`
	ConnectMax    float64 `json:"connect_max"`
	First         int64   `json:"first"`
	Messages      int     `json:"messages"`
	Sent          int     `json:"sent"`
	Acknowledged  int     `json:"acknowledged"`
	Lost          int     `json:"lost_connections"`
	DelayP50      float64 `json:"delay_p50"`
	DelayP99      float64 `json:"delay_p99"`
	DelayMax      float64 `json:"delay_max"`
	SendDelayP99  float64 `json:"send_delay_p99"`
	SecondsToLast float64 `json:"seconds_to_last"`
}

func main() {
	given := parse()
	devices, err := load(given.credentials, given)
	if err != nil {
		fail(err)
	}
	run := newRun(given, devices)
	run.connect()
	run.publish()
	if given.fates != "" {
		if err := writeFates(given.fates, devices); err != nil {
			fail(err)
		}
	}
	line, err := json.Marshal(run.result())
	if err != nil {
		fail(err)
	}
	fmt.Println(string(line))
}

func parse() options {
	var given options
	flag.StringVar(&given.address, "address", "127.0.0.1:1883", "host:port of the broker")
	flag.StringVar(&given.credentials, "credentials", "", "file with a user name and a password in each line; the user name is the device of the topic")
	flag.StringVar(&given.fates, "fates", "", "file to write: for each device a line of 0 and 1, whether each message was acknowledged")
	flag.DurationVar(&given.interval, "interval", time.Second, "time between two messages of a connection")
	flag.IntVar(&given.seconds, "seconds", 60, "length of the run; 0: connect only")
	flag.IntVar(&given.fields, "fields", 3, "values of a message")
	flag.DurationVar(&given.spread, "spread", 10*time.Second, "time over which the connections are opened")
	flag.DurationVar(&given.drain, "drain", 30*time.Second, "longest wait for acknowledgements at the end")
	flag.DurationVar(&given.start, "start", 2*time.Second, "time between the last connection and the first message")
	flag.Parse()
	if flag.NArg() > 0 || given.credentials == "" || given.interval <= 0 || given.seconds < 0 || given.fields < 1 {
		flag.Usage()
		os.Exit(2)
	}
	return given
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "mqttload:", err)
	os.Exit(1)
}

// load reads the devices of a file of credentials.
func load(path string, given options) ([]*device, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	count := int(time.Duration(given.seconds) * time.Second / given.interval)
	var devices []*device
	for number, line := range strings.Split(strings.TrimSpace(string(text)), "\n") {
		words := strings.Fields(line)
		if len(words) != 2 {
			return nil, fmt.Errorf("line %d of %s is no user name and password", number+1, path)
		}
		devices = append(devices, newDevice(number, words[0], words[1], count))
	}
	return devices, nil
}

// writeFates writes the fates of all messages, in the order of the devices.
func writeFates(path string, devices []*device) error {
	var text strings.Builder
	for _, one := range devices {
		text.Write(one.fates())
		text.WriteByte('\n')
	}
	return os.WriteFile(path, []byte(text.String()), 0o600)
}

// each calls a function for every device, side by side, and waits for all.
func each(devices []*device, work func(number int, one *device)) {
	var all sync.WaitGroup
	for number, one := range devices {
		all.Add(1)
		go func() {
			defer all.Done()
			work(number, one)
		}()
	}
	all.Wait()
}
