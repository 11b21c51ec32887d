package iotflow

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"os"

	grpccredentials "google.golang.org/grpc/credentials"
)

// TLS protects the connection. The zero value trusts the authorities of the system. The files are read for each new
// connection, so renewed ones need no restart.
type TLS struct {
	// AuthorityFile has the trusted authorities in PEM form. Empty: those of the system.
	AuthorityFile string
	// CertificateFile and KeyFile are the client's certificate and its key in PEM form, or empty.
	CertificateFile, KeyFile string
	// ServerName is the name in the server's certificate. Empty: the host of the target.
	ServerName string
}

func (t TLS) config() (*tls.Config, error) {
	config := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: t.ServerName}
	if t.AuthorityFile != "" {
		pem, err := os.ReadFile(t.AuthorityFile)
		if err != nil {
			return nil, fmt.Errorf("reading the authorities: %w", err)
		}
		config.RootCAs = x509.NewCertPool()
		if !config.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("%s has no certificate in PEM form", t.AuthorityFile)
		}
	}
	if t.CertificateFile != "" {
		certificate, err := tls.LoadX509KeyPair(t.CertificateFile, t.KeyFile)
		if err != nil {
			return nil, fmt.Errorf("reading the client's certificate: %w", err)
		}
		config.Certificates = []tls.Certificate{certificate}
	}
	return config, nil
}

// fileCredentials reads the files anew for each handshake.
type fileCredentials struct{ TLS }

func (f fileCredentials) ClientHandshake(
	ctx context.Context, authority string, conn net.Conn,
) (net.Conn, grpccredentials.AuthInfo, error) {
	config, err := f.config()
	if err != nil {
		return nil, nil, err
	}
	return grpccredentials.NewTLS(config).ClientHandshake(ctx, authority, conn)
}

func (f fileCredentials) ServerHandshake(conn net.Conn) (net.Conn, grpccredentials.AuthInfo, error) {
	return nil, nil, fmt.Errorf("%s: a client accepts no connections", conn.LocalAddr())
}

func (f fileCredentials) Info() grpccredentials.ProtocolInfo {
	return grpccredentials.ProtocolInfo{SecurityProtocol: "tls"}
}

func (f fileCredentials) Clone() grpccredentials.TransportCredentials { return f }

// OverrideServerName is part of the interface; the name comes from TLS.ServerName.
func (f fileCredentials) OverrideServerName(string) error { return nil }
