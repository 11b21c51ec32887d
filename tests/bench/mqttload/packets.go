package main

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
)

// Types of packets with their flags, as in section 2.2 of MQTT 3.1.1.
const (
	typeConnect    = 0x10
	typeConnack    = 0x20
	typePublish    = 0x32
	typePuback     = 0x40
	typeDisconnect = 0xE0
)

const keepAliveSeconds = 120

func appendText(to []byte, text string) []byte {
	return append(binary.BigEndian.AppendUint16(to, uint16(len(text))), text...)
}

// packet adds the fixed header to a body.
func packet(kind byte, body []byte) []byte {
	whole := append(make([]byte, 0, len(body)+5), kind)
	for left := len(body); ; {
		digit := byte(left & 127)
		left >>= 7
		if left == 0 {
			return append(append(whole, digit), body...)
		}
		whole = append(whole, digit|128)
	}
}

func connectPacket(client, user, password string) []byte {
	body := appendText(nil, "MQTT")
	// Level 4; a clean session with user name and password.
	body = append(body, 4, 0xC2)
	body = binary.BigEndian.AppendUint16(body, keepAliveSeconds)
	for _, text := range []string{client, user, password} {
		body = appendText(body, text)
	}
	return packet(typeConnect, body)
}

func publishPacket(topic string, identifier uint16, payload []byte) []byte {
	body := appendText(make([]byte, 0, len(topic)+len(payload)+4), topic)
	body = binary.BigEndian.AppendUint16(body, identifier)
	return packet(typePublish, append(body, payload...))
}

// readPacket returns the type of the next packet, and its body.
func readPacket(from *bufio.Reader) (byte, []byte, error) {
	kind, err := from.ReadByte()
	if err != nil {
		return 0, nil, err
	}
	size := 0
	for shift := 0; ; shift += 7 {
		digit, err := from.ReadByte()
		if err != nil {
			return 0, nil, err
		}
		size |= int(digit&127) << shift
		if digit < 128 {
			break
		}
		if shift == 21 {
			return 0, nil, fmt.Errorf("the length of a packet has more than four bytes")
		}
	}
	body := make([]byte, size)
	_, err = io.ReadFull(from, body)
	return kind & 0xF0, body, err
}
