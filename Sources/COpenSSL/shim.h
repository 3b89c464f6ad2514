// OpenSSL as Swift sees it: the headers, and functions for what the headers give only as macros.
#ifndef FAIRLEAD_COPENSSL_H
#define FAIRLEAD_COPENSSL_H

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

static inline long fl_ssl_ctx_min_version(SSL_CTX *context, int version) {
    return SSL_CTX_set_min_proto_version(context, version);
}
// A key with a passphrase is an error, not a question on the terminal.
static inline int fl_no_passphrase(char *buffer, int size, int is_writing, void *data) {
    (void)buffer, (void)size, (void)is_writing, (void)data;
    return -1;
}
// A write may be cut short and go on from a copy of the same bytes; idle connections give their buffers back. Resumed
// sessions live in the client's tickets, not in memory here.
static inline void fl_ssl_ctx_modes(SSL_CTX *context) {
    SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                  SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_default_passwd_cb(context, fl_no_passphrase);
}
static inline long fl_ssl_set_server_name(SSL *ssl, const char *name) { return SSL_set_tlsext_host_name(ssl, name); }
static inline int fl_ssl_set_expected_ip(SSL *ssl, const char *address) {
    return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), address);
}
static inline int fl_ssl_is_unexpected_eof(unsigned long code) {
    return ERR_GET_LIB(code) == ERR_LIB_SSL && ERR_GET_REASON(code) == SSL_R_UNEXPECTED_EOF_WHILE_READING;
}
static inline int fl_ssl_is_verify_failure(unsigned long code) {
    return ERR_GET_LIB(code) == ERR_LIB_SSL && ERR_GET_REASON(code) == SSL_R_CERTIFICATE_VERIFY_FAILED;
}

// ALPN on the server: picks the first of the server's names that the client offers. `names` is in wire format.
typedef struct {
    unsigned char names[256];
    unsigned int length;
} fl_alpn;

static inline int fl_alpn_select(SSL *ssl, const unsigned char **out, unsigned char *outlen, const unsigned char *in,
                                 unsigned int inlen, void *arg) {
    (void)ssl;
    const fl_alpn *own = arg;
    unsigned char *chosen = 0;
    if (SSL_select_next_proto(&chosen, outlen, own->names, own->length, in, inlen) != OPENSSL_NPN_NEGOTIATED)
        return SSL_TLSEXT_ERR_ALERT_FATAL;
    *out = chosen;
    return SSL_TLSEXT_ERR_OK;
}
static inline void fl_ssl_ctx_serve_alpn(SSL_CTX *context, fl_alpn *names) {
    SSL_CTX_set_alpn_select_cb(context, fl_alpn_select, names);
}

#endif
