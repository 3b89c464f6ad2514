// A scratch LDAP directory.

import Foundation

/// A slapd on a free loopback port with one person in it; ended by `stop()` or at deinit.
///
/// The directory lies in one temporary folder and is made by slapadd, so the machine's own is neither read nor touched.
package final class LDAPServer: Sendable {
    package static let suffix = "dc=fairlead,dc=test"
    package let folder: TemporaryFolder
    package let port: Int
    package let process: ServerProcess

    /// Starts a directory in which `name` has `password`, and waits until it answers.
    package static func start(_ name: String, password: String) async throws -> LDAPServer {
        try await blocking { try LDAPServer(name, password: password) }
    }

    private init(_ name: String, password: String) throws {
        folder = try TemporaryFolder()
        port = try FreePort.take()
        let data = try folder.folder("data")
        let settings = try folder.write(
            "slapd.conf",
            """
            include /etc/ldap/schema/core.schema
            modulepath /usr/lib/ldap
            moduleload back_mdb
            database mdb
            suffix "\(Self.suffix)"
            directory \(data)
            maxsize 10485760

            """)
        let entries = """
            dn: \(Self.suffix)
            objectClass: dcObject
            objectClass: organization
            o: Fairlead
            dc: fairlead

            dn: cn=\(name),\(Self.suffix)
            objectClass: person
            cn: \(name)
            sn: \(name)
            userPassword: \(password)

            """
        try Command.checkBlocking([try Tools.find("slapadd"), "-f", settings], input: Data(entries.utf8))
        process = try ServerProcess(
            "slapd", [try Tools.find("slapd"), "-d", "0", "-f", settings, "-h", "ldap://127.0.0.1:\(port)"],
            log: folder.file("log"))
        try process.waitUntilAnswers(port)
    }

    /// Ends the server and removes its folder.
    package func stop() {
        process.stop()
        folder.remove()
    }

    deinit { stop() }
}
