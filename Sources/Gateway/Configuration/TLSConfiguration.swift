// TLS towards clients and towards backends.

/// The oldest TLS version that may be required.
package enum MinimumTLS: String, Sendable, CaseIterable {
    case tls12 = "1.2"
    case tls13 = "1.3"
}

/// What a listener does about TLS.
package enum ListenerTLS: Sendable, Equatable {
    /// The gateway holds the certificate and reads the bytes in the clear.
    case terminate(TerminatedTLS)
    /// The client's TLS goes through to the backend untouched (PostgreSQL only); with `required` a client that stays in the
    /// clear is refused.
    case passthrough(required: Bool)
}

/// TLS that ends at the gateway; paths are as given, or joined to the configuration file's folder when relative.
package struct TerminatedTLS: Sendable, Equatable {
    /// The PEM file of the certificate chain, leaf first.
    package var certificate: String
    /// The PEM file of the private key.
    package var key: String
    /// The PEM file of the authorities that client certificates must come from; nil means that none is asked for.
    package var clientCA: String?
    package var minimumVersion = ConfigurationDefaults.minimumTLSVersion
    /// Whether a client that stays in the clear is refused; only PostgreSQL clients have that choice, so it is true for the others.
    package var required: Bool

    package init(certificate: String, key: String, required: Bool) {
        self.certificate = certificate
        self.key = key
        self.required = required
    }
}

/// TLS from the gateway to a backend.
package struct BackendTLS: Sendable, Equatable {
    /// The PEM file of the authorities that the backend's certificate must come from; nil means the system's.
    package var ca: String?
    /// The PEM file of the certificate that the gateway shows, with its ``key``; nil means none.
    package var certificate: String?
    /// The PEM file of the private key of ``certificate``.
    package var key: String?
    /// The name sent as SNI and looked for in the certificate; an IP address is looked for but not sent.
    package var serverName: String
    /// Whether the backend's certificate and name are verified.
    package var verify = true
    package var minimumVersion = ConfigurationDefaults.minimumTLSVersion

    package init(serverName: String) {
        self.serverName = serverName
    }
}
