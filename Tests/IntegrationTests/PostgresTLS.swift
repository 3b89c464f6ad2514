// TLS settings that the PostgreSQL tests share.

import Gateway
import TestSupport

extension ListenerTLS {
    /// The gateway shows the scratch server certificate.
    static func terminating(
        _ certificates: Certificates, required: Bool = false, clients: Bool = false
    ) -> ListenerTLS {
        var settings = TerminatedTLS(
            certificate: certificates.serverCertificate, key: certificates.serverKey, required: required)
        if clients { settings.clientCA = certificates.authority }
        return .terminate(settings)
    }
}

extension BackendTLS {
    /// The gateway trusts the scratch authority and expects `name`.
    static func trusting(_ certificates: Certificates, name: String = "localhost") -> BackendTLS {
        var settings = BackendTLS(serverName: name)
        settings.ca = certificates.authority
        return settings
    }
}

extension Certificates {
    /// What libpq needs to verify the server in full.
    var verifyFull: [String: String] { ["PGSSLMODE": "verify-full", "PGSSLROOTCERT": authority] }
    /// What libpq needs to show the client certificate.
    var clientShown: [String: String] { ["PGSSLCERT": clientCertificate, "PGSSLKEY": clientKey] }
}
