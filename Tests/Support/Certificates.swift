// Scratch TLS certificates: an authority, a server's and a client's.

import Foundation

/// A scratch certificate authority with one server and one client certificate, as PEM files (P-256 keys).
///
/// The server's certificate is for `localhost`, `*.localhost`, 127.0.0.1 and ::1; the client's name is `client`.
/// Everything is valid for a day. The files go when the object goes.
package final class Certificates: Sendable {
    package let folder: TemporaryFolder
    /// The authority's certificate.
    package var authority: String { folder.file("ca.pem") }
    package var serverCertificate: String { folder.file("server.pem") }
    package var serverKey: String { folder.file("server.key") }
    package var clientCertificate: String { folder.file("client.pem") }
    package var clientKey: String { folder.file("client.key") }

    /// Makes all of them with the `openssl` command.
    ///
    /// `clientName` becomes the client's common name.
    package static func make(clientName: String = "client") async throws -> Certificates {
        try await blocking { try Certificates(clientName: clientName) }
    }

    /// The blocking form of `make`.
    package init(clientName: String = "client") throws {
        folder = try TemporaryFolder()
        try openssl(
            request(key: "ca.key", out: "ca.pem", name: "Fairlead scratch authority") + [
                "-x509", "-addext", "basicConstraints=critical,CA:TRUE", "-addext",
                "keyUsage=critical,keyCertSign,cRLSign",
            ])
        try issue(
            "server", name: "localhost",
            extensions: """
                subjectAltName=DNS:localhost,DNS:*.localhost,IP:127.0.0.1,IP:::1
                extendedKeyUsage=serverAuth
                """)
        try issue("client", name: clientName, extensions: "extendedKeyUsage=clientAuth")
    }

    /// Signs a further certificate and gives the paths of certificate and key; `extensions` are OpenSSL's, one a line, and
    /// `digest` is the hash of its signature.
    @discardableResult
    package func issue(
        _ file: String, name: String, extensions: String, digest: String = "sha256"
    ) throws -> (certificate: String, key: String) {
        try openssl(request(key: "\(file).key", out: "\(file).csr", name: name))
        try folder.write("\(file).ext", extensions + "\n")
        try openssl([
            "x509", "-req", "-in", folder.file("\(file).csr"), "-CA", authority, "-CAkey", folder.file("ca.key"),
            "-CAcreateserial", "-\(digest)", "-days", "1", "-extfile", folder.file("\(file).ext"),
            "-out", folder.file("\(file).pem"),
        ])
        return (folder.file("\(file).pem"), folder.file("\(file).key"))
    }

    private func request(key: String, out: String, name: String) -> [String] {
        [
            "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=\(name)",
            "-keyout", folder.file(key), "-out", folder.file(out), "-days", "1",
        ]
    }

    private func openssl(_ arguments: [String]) throws { try Command.checkBlocking(["openssl"] + arguments) }
}
