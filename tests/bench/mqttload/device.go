package main

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"net"
	"strconv"
	"sync"
	"time"
)

const connectSeconds = 60

// device is a connection, and what became of its messages.
type device struct {
	number    int
	user      string
	password  string
	client    string
	topic     string
	conn      net.Conn
	reader    *bufio.Reader
	connected time.Duration
	isLost    bool

	mutex        sync.Mutex
	sent         int
	acknowledged []bool
	left         int
	drained      chan struct{}
}

func newDevice(number int, user, password string, messages int) *device {
	return &device{
		number: number, user: user, password: password,
		client: fmt.Sprintf("load-%d", number), topic: "iotflow/devices/" + user + "/telemetry",
		acknowledged: make([]bool, messages), drained: make(chan struct{}),
	}
}

// connect logs in.
func (d *device) connect(address string) error {
	began := time.Now()
	conn, err := net.DialTimeout("tcp", address, connectSeconds*time.Second)
	if err != nil {
		return err
	}
	d.conn, d.reader = conn, bufio.NewReaderSize(conn, 512)
	if err := conn.SetReadDeadline(time.Now().Add(connectSeconds * time.Second)); err != nil {
		return err
	}
	if _, err := conn.Write(connectPacket(d.client, d.user, d.password)); err != nil {
		return err
	}
	kind, body, err := readPacket(d.reader)
	if err != nil {
		return err
	}
	if kind != typeConnack || len(body) != 2 || body[1] != 0 {
		return fmt.Errorf("the login of %s was refused: packet %#x %x", d.user, kind, body)
	}
	d.connected = time.Since(began)
	return conn.SetReadDeadline(time.Time{})
}

// reading is the time, in ms since 1970, of a message, and its payload. The same arguments give the same bytes.
func (d *device) reading(message int, at time.Time, fields int) []byte {
	payload := append(make([]byte, 0, 48+20*fields), `{"timestamp": `...)
	payload = strconv.AppendInt(payload, at.UnixMilli(), 10)
	payload = append(payload, `, "data": {`...)
	for field := range fields {
		if field > 0 {
			payload = append(payload, ", "...)
		}
		payload = append(payload, `"m`...)
		payload = strconv.AppendInt(payload, int64(field), 10)
		payload = append(payload, `": `...)
		payload = strconv.AppendFloat(payload, value(d.number, message, field), 'f', 2, 64)
	}
	return append(payload, "}}"...)
}

// value is a number from 0 to 99.99 with two digits. The ledger of the run has the same rule.
func value(device, message, field int) float64 {
	return float64((device*7919+message*104729+field*1299709)%10000) / 100
}

// publish sends a message. The identifier is its number plus one, modulo 65,535.
func (d *device) publish(message int, payload []byte) error {
	d.mutex.Lock()
	d.sent, d.left = message+1, d.left+1
	d.mutex.Unlock()
	_, err := d.conn.Write(publishPacket(d.topic, uint16(message%65535+1), payload))
	return err
}

// listen reads acknowledgements until the connection ends. record is called with each message's number.
func (d *device) listen(record func(message int)) {
	for {
		kind, body, err := readPacket(d.reader)
		if err != nil {
			return
		}
		if kind != typePuback || len(body) != 2 {
			continue
		}
		if message := d.acknowledge(int(binary.BigEndian.Uint16(body))); message >= 0 {
			record(message)
		}
	}
}

// acknowledge returns the newest message with the identifier, or -1 where it was acknowledged before.
func (d *device) acknowledge(identifier int) int {
	d.mutex.Lock()
	defer d.mutex.Unlock()
	message := (d.sent-1)/65535*65535 + identifier - 1
	if message >= d.sent {
		message -= 65535
	}
	if message < 0 || d.acknowledged[message] {
		return -1
	}
	d.acknowledged[message] = true
	d.left--
	if d.left == 0 && d.sent == len(d.acknowledged) {
		close(d.drained)
	}
	return message
}

func (d *device) fates() []byte {
	d.mutex.Lock()
	defer d.mutex.Unlock()
	text := make([]byte, d.sent)
	for message := range text {
		text[message] = '0'
		if d.acknowledged[message] {
			text[message] = '1'
		}
	}
	return text
}
