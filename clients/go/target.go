package iotflow

import (
	"fmt"
	"net/netip"
	"regexp"
	"strconv"

	"google.golang.org/grpc/codes"
)

const largestPort = 65_535

// targetForm is a name or an IPv4 address, or an IPv6 address in brackets, and a port.
var targetForm = regexp.MustCompile(`^(?:[A-Za-z0-9_.-]+|\[([0-9A-Fa-f:.]+)\]):([0-9]{1,5})$`)

// checkTarget returns an error where the target is not host:port, because no later attempt can succeed.
func checkTarget(target string) error {
	if isTarget(target) {
		return nil
	}
	message := fmt.Sprintf(
		"The target %q is not host:port, such as iot.example.com:50051 or [2001:db8::1]:50051. "+
			"The port is 1 to %d, and there is no scheme such as http://.", target, largestPort,
	)
	return &Error{Code: codes.InvalidArgument, Field: "target", Message: message}
}

func isTarget(target string) bool {
	form := targetForm.FindStringSubmatch(target)
	if form == nil {
		return false
	}
	port, err := strconv.Atoi(form[2])
	if err != nil || port < 1 || port > largestPort {
		return false
	}
	address, err := netip.ParseAddr(form[1])
	return form[1] == "" || err == nil && address.Is6()
}
