// A scratch Kerberos realm with its key distribution centre.

import Foundation

/// The realm `FAIRLEAD.TEST` on a free loopback port, with the service `postgres/localhost`; ended by `stop()` or at
/// deinit.
///
/// Everything is in one temporary folder and is found through variables, so the machine's own Kerberos settings are
/// neither read nor touched. MIT's programs are meant (Debian's krb5-kdc, krb5-admin-server and krb5-user).
package final class KerberosRealm: Sendable {
    package static let name = "FAIRLEAD.TEST"
    /// The service that PostgreSQL is for a client that names it `localhost`: libpq asks for `krbsrvname/host`.
    package static let service = "postgres/localhost"
    private static let password = "scratch-password"

    package let folder: TemporaryFolder
    package let process: ServerProcess
    /// The service's keys, readable by the server's user; the value of PostgreSQL's `krb_server_keyfile`.
    package let keytab: String
    /// The variables of a server that takes tickets of this realm.
    package let serverEnvironment: [String: String]
    private let settings: String

    /// Makes the realm and starts its centre (about 0.1 s).
    package static func start() async throws -> KerberosRealm { try await blocking { try KerberosRealm() } }

    /// The blocking form of `start`.
    package init() throws {
        let folder = try TemporaryFolder()
        let port = try FreePort.take()
        self.folder = folder
        settings = try folder.write("krb5.conf", Self.clientSettings(port))
        let serverFolder = try folder.folder("server")
        keytab = "\(serverFolder)/keytab"
        // The replay cache would otherwise be a file in /var/tmp that outlives the test.
        serverEnvironment = ["KRB5_CONFIG": settings, "KRB5RCACHENAME": "file2:\(serverFolder)/replay-cache"]
        let environment = [
            "KRB5_CONFIG": settings,
            "KRB5_KDC_PROFILE": try folder.write("kdc.conf", Self.centreSettings(port, folder.path)),
        ]
        func administer(_ arguments: String...) throws {
            try Command.checkBlocking([try Tools.find("kadmin.local")] + arguments, env: environment)
        }
        try Command.checkBlocking(
            [try Tools.find("kdb5_util"), "create", "-s", "-P", Self.password], env: environment)
        try administer("addprinc", "-randkey", Self.service)
        try administer("ktadd", "-k", keytab, Self.service)
        // kadmin.local exits with 0 when it did nothing for want of a principal.
        guard FileManager.default.fileExists(atPath: keytab) else { throw SupportError("no keytab was written") }
        if let user = PostgresInstall.user { try Command.checkBlocking(["chown", "-R", "\(user):", serverFolder]) }
        process = try ServerProcess(
            "krb5kdc", [try Tools.find("krb5kdc"), "-n", "-P", folder.file("pid")], log: folder.file("log"),
            env: environment, folder: folder.path)
        try process.waitUntilAnswers(port)
    }

    /// Adds the principal `name` and gets it a ticket; gives the variables of a client that is to hold the ticket.
    package func logIn(_ name: String) async throws -> [String: String] {
        try await blocking { [self] in try logInBlocking(name) }
    }

    /// The variables of a client that has no ticket.
    package var clientWithoutTicket: [String: String] { client("none") }

    private func logInBlocking(_ name: String) throws -> [String: String] {
        try Command.checkBlocking(
            [try Tools.find("kadmin.local"), "addprinc", "-pw", Self.password, name],
            env: ["KRB5_CONFIG": settings, "KRB5_KDC_PROFILE": folder.file("kdc.conf")])
        let environment = client(name)
        try Command.checkBlocking(
            [try Tools.find("kinit"), name], env: environment, input: Data("\(Self.password)\n".utf8))
        return environment
    }

    private func client(_ name: String) -> [String: String] {
        ["KRB5_CONFIG": settings, "KRB5CCNAME": "FILE:\(folder.file("tickets-\(name)"))"]
    }

    /// Ends the centre and removes the realm.
    package func stop() {
        process.stop()
        folder.remove()
    }

    deinit { stop() }

    /// The libraries' settings: TCP only, and no name that is looked up in the DNS.
    private static func clientSettings(_ port: Int) -> String {
        """
        [libdefaults]
            default_realm = \(name)
            dns_lookup_kdc = false
            dns_lookup_realm = false
            dns_canonicalize_hostname = false
            udp_preference_limit = 1
        [realms]
            \(name) = {
                kdc = 127.0.0.1:\(port)
            }
        [domain_realm]
            localhost = \(name)

        """
    }

    private static func centreSettings(_ port: Int, _ folder: String) -> String {
        """
        [kdcdefaults]
            kdc_listen = 127.0.0.1:\(port)
            kdc_tcp_listen = 127.0.0.1:\(port)
        [realms]
            \(name) = {
                database_name = \(folder)/principals
                key_stash_file = \(folder)/stash
                acl_file = \(folder)/acl
            }
        [logging]
            default = STDERR

        """
    }
}
