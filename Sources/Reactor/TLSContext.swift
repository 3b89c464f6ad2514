// TLS settings of a listener or a backend, loaded once at the start.

import COpenSSL

/// The lowest protocol version that is accepted.
package enum TLSVersion: Sendable, Equatable {
    case tls12, tls13

    fileprivate var number: Int32 { self == .tls12 ? TLS1_2_VERSION : TLS1_3_VERSION }
}

/// Certificates, trust and versions for many connections: OpenSSL's `SSL_CTX`.
///
/// OpenSSL counts references to it atomically, and after `init` nothing here changes, so workers share it.
package final class TLSContext: @unchecked Sendable {
    let context: OpaquePointer
    let isServer: Bool
    let verifies: Bool
    private let ownALPN: UnsafeMutablePointer<fl_alpn>?
    /// ALPN names that a client offers, in wire format (RFC 7301, 3.1).
    let offeredALPN: [UInt8]

    /// Settings for the side that is connected to.
    ///
    /// `certificate` is a PEM file with the chain, leaf first; with `clientCA` a client has to show a certificate
    /// that it signed. A client that offers ALPN names of which none is in `alpn` is refused (RFC 7301, 3.2).
    package static func server(
        certificate: String, key: String, clientCA: String? = nil, minimum: TLSVersion = .tls12, alpn: [String] = []
    ) throws(IOError) -> TLSContext {
        let settings = try TLSContext(isServer: true, verifies: clientCA != nil, minimum: minimum, alpn: alpn)
        try settings.use(certificate: certificate, key: key)
        if let clientCA {
            try settings.trust(clientCA)
            SSL_CTX_set_client_CA_list(settings.context, SSL_load_client_CA_file(clientCA))
            SSL_CTX_set_verify(settings.context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nil)
            // Sessions are told apart by who was verified; without a context id resumption would fail.
            SSL_CTX_set_session_id_context(settings.context, "fairlead", 8)
        }
        return settings
    }

    /// Settings for the side that connects; it verifies the server against `ca` or the system's store.
    package static func client(
        ca: String? = nil, certificate: String? = nil, key: String? = nil, verify: Bool = true,
        minimum: TLSVersion = .tls12, alpn: [String] = []
    ) throws(IOError) -> TLSContext {
        let settings = try TLSContext(isServer: false, verifies: verify, minimum: minimum, alpn: alpn)
        if let certificate { try settings.use(certificate: certificate, key: key ?? certificate) }
        if let ca {
            try settings.trust(ca)
        } else if verify {
            SSL_CTX_set_default_verify_paths(settings.context)
        }
        SSL_CTX_set_verify(settings.context, verify ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, nil)
        return settings
    }

    private init(isServer: Bool, verifies: Bool, minimum: TLSVersion, alpn: [String]) throws(IOError) {
        guard let context = SSL_CTX_new(isServer ? TLS_server_method() : TLS_client_method()) else {
            throw TLSContext.failure("cannot make a TLS context")
        }
        self.context = context
        self.isServer = isServer
        self.verifies = verifies
        let names = alpn.flatMap { [UInt8(clamping: $0.utf8.count)] + Array($0.utf8.prefix(255)) }
        offeredALPN = isServer ? [] : names
        if isServer, !names.isEmpty, names.count <= 256 {
            let own = UnsafeMutablePointer<fl_alpn>.allocate(capacity: 1)
            own.initialize(to: fl_alpn())
            own.pointee.length = UInt32(names.count)
            withUnsafeMutableBytes(of: &own.pointee.names) { $0.copyBytes(from: names) }
            fl_ssl_ctx_serve_alpn(context, own)
            ownALPN = own
        } else {
            ownALPN = nil
        }
        fl_ssl_ctx_min_version(context, minimum.number)
        fl_ssl_ctx_modes(context)
    }

    deinit {
        SSL_CTX_free(context)
        ownALPN?.deallocate()
    }

    private func use(certificate: String, key: String) throws(IOError) {
        ERR_clear_error()
        guard SSL_CTX_use_certificate_chain_file(context, certificate) == 1 else {
            throw Self.failure("cannot use certificate '\(certificate)'")
        }
        guard SSL_CTX_use_PrivateKey_file(context, key, SSL_FILETYPE_PEM) == 1 else {
            throw Self.failure("cannot use key '\(key)'")
        }
        guard SSL_CTX_check_private_key(context) == 1 else {
            throw Self.failure("key '\(key)' does not belong to certificate '\(certificate)'")
        }
    }

    private func trust(_ ca: String) throws(IOError) {
        ERR_clear_error()
        guard SSL_CTX_load_verify_locations(context, ca, nil) == 1 else {
            throw Self.failure("cannot use CA file '\(ca)'")
        }
    }

    /// The hash of a server's own certificate that a login can be bound to: `tls-server-end-point` (RFC 5929, 4.1).
    ///
    /// It is made with the hash of the certificate's signature, and with SHA-256 for MD5 and SHA-1. Nil for signatures that
    /// have no single hash, such as Ed25519's, for which the RFC defines none.
    package var serverEndPoint: [UInt8]? {
        var digest: Int32 = 0
        guard isServer, let certificate = SSL_CTX_get0_certificate(context),
            OBJ_find_sigid_algs(X509_get_signature_nid(certificate), &digest, nil) == 1
        else { return nil }
        if digest == NID_md5 || digest == NID_sha1 { digest = NID_sha256 }
        guard let method = EVP_get_digestbyname(OBJ_nid2sn(digest)) else { return nil }
        var hash = [UInt8](repeating: 0, count: Int(EVP_MAX_MD_SIZE))
        var count: UInt32 = 0
        guard X509_digest(certificate, method, &hash, &count) == 1 else { return nil }
        return Array(hash.prefix(Int(count)))
    }

    /// An error with OpenSSL's newest reason; clears its queue.
    static func failure(_ what: String) -> IOError {
        let code = ERR_peek_last_error()
        ERR_clear_error()
        guard code != 0, let reason = ERR_reason_error_string(code) else { return .tls(reason: what) }
        return .tls(reason: "\(what): \(String(cString: reason))")
    }
}
