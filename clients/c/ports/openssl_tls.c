#include <limits.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "iotflow_tls.h"

/* OpenSSL reads and writes by these functions, as from a socket. */

static int put(BIO *bio, const char *data, int size) {
    const iotflow_transport *below = (const iotflow_transport *)BIO_get_data(bio);
    const int32_t taken = below->write(below->context, (const uint8_t *)data, (uint32_t)size);
    BIO_clear_retry_flags(bio);
    if (taken == 0) {
        BIO_set_retry_write(bio);
    }
    return (taken > 0) ? (int)taken : -1;
}

static int get(BIO *bio, char *data, int size) {
    const iotflow_transport *below = (const iotflow_transport *)BIO_get_data(bio);
    const int32_t got = below->read(below->context, (uint8_t *)data, (uint32_t)size);
    BIO_clear_retry_flags(bio);
    if (got == 0) {
        BIO_set_retry_read(bio);
    }
    return (got > 0) ? (int)got : -1;
}

static long control(BIO *bio, int command, long number, void *pointer) {
    (void)bio;
    (void)number;
    (void)pointer;
    return (command == BIO_CTRL_FLUSH) ? 1 : 0;
}

static BIO *make_bio(const iotflow_transport *below) {
    static BIO_METHOD *method = NULL;
    BIO *bio;
    if (method == NULL) {
        method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "iotflow");
        if ((method == NULL) || (BIO_meth_set_write(method, put) != 1) || (BIO_meth_set_read(method, get) != 1) ||
            (BIO_meth_set_ctrl(method, control) != 1)) {
            return NULL;
        }
    }
    bio = BIO_new(method);
    if (bio != NULL) {
        /* OpenSSL does not know const here; put and get do not write to it. */
        BIO_set_data(bio, (void *)(uintptr_t)below);
        BIO_set_init(bio, 1);
    }
    return bio;
}

static bool load_files(SSL_CTX *settings, const iotflow_tls_options *options) {
    const bool trusted = (options->authorities == NULL)
                             ? (SSL_CTX_set_default_verify_paths(settings) == 1)
                             : (SSL_CTX_load_verify_locations(settings, options->authorities, NULL) == 1);
    return trusted &&
           ((options->certificate == NULL) || ((SSL_CTX_use_certificate_chain_file(settings, options->certificate) == 1) &&
                                               (SSL_CTX_use_PrivateKey_file(settings, options->key, SSL_FILETYPE_PEM) == 1)));
}

/* An address is compared with the addresses of the certificate, a name with its names. */
static bool expect(SSL *session, const char *host) {
    if (X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(session), host) == 1) {
        return true;
    }
    return (SSL_set1_host(session, host) == 1) && (SSL_set_tlsext_host_name(session, host) == 1);
}

static bool begin(iotflow_tls *tls) {
    SSL_CTX *settings = SSL_CTX_new(TLS_client_method());
    BIO *bio;
    if (settings == NULL) {
        return false;
    }
    SSL_CTX_set_verify(settings, SSL_VERIFY_PEER, NULL);
    /* What could not be sent may be given again from another place, with more behind it. */
    (void)SSL_CTX_set_mode(settings, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    if ((SSL_CTX_set_min_proto_version(settings, TLS1_2_VERSION) == 1) && load_files(settings, &tls->options)) {
        tls->session = SSL_new(settings);
    }
    /* The session keeps what it needs of them. */
    SSL_CTX_free(settings);
    if (tls->session == NULL) {
        return false;
    }
    bio = make_bio(tls->below);
    if (bio != NULL) {
        SSL_set_bio(tls->session, bio, bio);
    }
    if ((bio == NULL) || !expect(tls->session, tls->options.host)) {
        /* No later call may greet with a session that checks no name. */
        iotflow_tls_close(tls);
        return false;
    }
    return true;
}

/* Whether a call that returned `result` has to be made again later. */
static bool has_to_wait(const iotflow_tls *tls, int result) {
    const int error = SSL_get_error(tls->session, result);
    return (error == SSL_ERROR_WANT_READ) || (error == SSL_ERROR_WANT_WRITE);
}

static iotflow_status greet(iotflow_tls *tls) {
    int result;
    if ((tls->session == NULL) && !begin(tls)) {
        return IOTFLOW_IO_ERROR;
    }
    ERR_clear_error();
    result = SSL_connect(tls->session);
    if (result == 1) {
        return IOTFLOW_OK;
    }
    return has_to_wait(tls, result) ? IOTFLOW_AGAIN : IOTFLOW_IO_ERROR;
}

static iotflow_status tls_connect(void *context, int from_anew) {
    iotflow_tls *tls = (iotflow_tls *)context;
    iotflow_status status = IOTFLOW_OK;
    if (from_anew != 0) {
        iotflow_tls_close(tls);
    }
    if (tls->session == NULL) {
        status = tls->below->connect(tls->below->context, from_anew);
    }
    return (status == IOTFLOW_OK) ? greet(tls) : status;
}

static int limited(uint32_t size) { return (size > (uint32_t)INT_MAX) ? INT_MAX : (int)size; }

static int32_t outcome(const iotflow_tls *tls, int result) {
    if (result > 0) {
        return result;
    }
    return has_to_wait(tls, result) ? 0 : -1;
}

static int32_t tls_read(void *context, uint8_t *data, uint32_t size) {
    const iotflow_tls *tls = (const iotflow_tls *)context;
    ERR_clear_error();
    return (tls->session == NULL) ? -1 : outcome(tls, SSL_read(tls->session, data, limited(size)));
}

static int32_t tls_write(void *context, const uint8_t *data, uint32_t size) {
    const iotflow_tls *tls = (const iotflow_tls *)context;
    ERR_clear_error();
    return (tls->session == NULL) ? -1 : outcome(tls, SSL_write(tls->session, data, limited(size)));
}

void iotflow_tls_transport(iotflow_transport *transport, iotflow_tls *tls, const iotflow_transport *below,
                           const iotflow_tls_options *options) {
    tls->options = *options;
    tls->below = below;
    tls->session = NULL;
    transport->connect = tls_connect;
    transport->read = tls_read;
    transport->write = tls_write;
    transport->context = tls;
}

bool iotflow_tls_has_more(const iotflow_tls *tls) { return (tls->session != NULL) && (SSL_has_pending(tls->session) == 1); }

void iotflow_tls_close(iotflow_tls *tls) {
    SSL_free(tls->session);
    tls->session = NULL;
}
