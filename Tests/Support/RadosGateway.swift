// A scratch Ceph RADOS gateway: a real S3 server that checks every signature.

import Foundation

/// A one-node Ceph (monitor, object store in memory, RADOS gateway) on loopback; ended by `stop()` or at deinit.
///
/// What it is: Debian 12's Ceph 16.2 with `memstore`, so nothing touches the disk and all is lost at the end. It starts
/// in about 3 s, because the monitor's commit intervals are cut to 20 ms (their default is a second, a dozen times over).
/// Being of 2021, it refuses trailing checksums (`STREAMING-UNSIGNED-PAYLOAD-TRAILER`), which `aws` sends by default to
/// an `https` address; the variables of `environment` turn them off. `curl --aws-sigv4` needs the header
/// `x-amz-content-sha256`, which Debian 12's curl does not add by itself. Bucket names have at least three characters.
/// The objects of one DeleteObjects go one after another: side by side, as is its default, they share a map without a lock,
/// and the gateway ends with a segmentation fault.
package final class RadosGateway: Sendable {
    package let folder: TemporaryFolder
    package let port: Int
    package let credentials: S3Credentials
    private let monitor: ServerProcess
    private let store: ServerProcess
    /// The gateway daemon, for faults.
    package let process: ServerProcess
    /// The address for `aws --endpoint-url`.
    package var url: String { "http://127.0.0.1:\(port)" }

    /// The variables `aws` reads: credentials, and checksums only where the operation demands them.
    package var environment: [String: String] {
        credentials.environment.merging([
            "AWS_REQUEST_CHECKSUM_CALCULATION": "when_required", "AWS_RESPONSE_CHECKSUM_VALIDATION": "when_required",
        ]) { $1 }
    }

    /// Starts all three daemons and waits until S3 requests are answered.
    package static func start(credentials: S3Credentials = S3Credentials()) async throws -> RadosGateway {
        try await blocking { try RadosGateway(credentials: credentials) }
    }

    /// The blocking form of `start`.
    package init(credentials: S3Credentials = S3Credentials()) throws {
        self.credentials = credentials
        let folder = try TemporaryFolder()
        self.folder = folder
        port = try FreePort.take()
        let monitorPort = try FreePort.take()
        let identity = UUID().uuidString.lowercased()
        let configuration = try folder.write(
            "ceph.conf",
            Self.configuration(folder: folder.path, identity: identity, monitorPort: monitorPort, port: port))
        let keyring = folder.file("keyring")
        let environment = ["CEPH_CONF": configuration]
        func run(_ arguments: [String]) throws {
            try Command.checkBlocking(arguments, env: environment, folder: folder.path)
        }
        func daemon(_ name: String, _ arguments: [String]) throws -> ServerProcess {
            try ServerProcess(
                name, [try Tools.find(name), "-c", configuration, "-f"] + arguments, log: folder.file("\(name).out"),
                env: environment, folder: folder.path)
        }

        _ = try (folder.folder("mon"), folder.folder("osd"), folder.folder("rgw"))
        let everything = ["--cap", "mon", "allow *", "--cap", "osd", "allow *"]
        try run(["ceph-authtool", "-C", keyring, "--gen-key", "-n", "mon.", "--cap", "mon", "allow *"])
        try run(["ceph-authtool", keyring, "--gen-key", "-n", "client.admin"] + everything)
        try run([
            "ceph-authtool", keyring, "--gen-key", "-n", "osd.0", "--cap", "mon", "allow profile osd", "--cap", "osd",
            "allow *",
        ])
        try run([
            "monmaptool", "--create", "--fsid", identity, "--addv", "a", "[v2:127.0.0.1:\(monitorPort)]",
            folder.file("monmap"),
        ])
        try run([
            "ceph-mon", "-c", configuration, "-i", "a", "--mkfs", "--monmap", folder.file("monmap"), "--keyring",
            keyring,
        ])
        monitor = try daemon("ceph-mon", ["-i", "a"])
        try monitor.waitUntilAnswers(monitorPort)

        let storeIdentity = UUID().uuidString.lowercased()
        try run(["ceph", "-c", configuration, "--connect-timeout", "30", "osd", "new", storeIdentity])
        try run(["ceph-osd", "-c", configuration, "-i", "0", "--mkfs", "--osd-uuid", storeIdentity])
        store = try daemon("ceph-osd", ["-i", "0"])
        // It also makes the first pools, and so waits for the object store by itself.
        try run([
            "radosgw-admin", "-c", configuration, "user", "create", "--uid=scratch", "--display-name=Scratch",
            "--access-key=\(credentials.accessKey)", "--secret-key=\(credentials.secretKey)",
        ])
        process = try daemon("radosgw", ["-n", "client.admin"])
        try process.waitUntilAnswers(port, timeout: .seconds(60))
    }

    /// Ends the three daemons and removes their folder.
    package func stop() {
        // The gateway's last words to a store that is gone would take minutes, so the order matters.
        for server in [process, store, monitor] { server.stop() }
        folder.remove()
    }

    deinit { stop() }

    private static func configuration(folder: String, identity: String, monitorPort: Int, port: Int) -> String {
        """
        [global]
        fsid = \(identity)
        mon host = [v2:127.0.0.1:\(monitorPort)]
        mon initial members = a
        public addr = 127.0.0.1
        cluster addr = 127.0.0.1
        ms bind msgr1 = false
        ms bind ipv6 = false
        keyring = \(folder)/keyring
        run dir = \(folder)
        crash dir = \(folder)
        log file = \(folder)/$name.log
        admin socket = \(folder)/$name.asok
        pid file =
        osd pool default size = 1
        osd pool default min size = 1
        osd pool default pg num = 1
        osd pool default pgp num = 1
        osd pool default pg autoscale mode = off
        osd crush chooseleaf type = 0
        mon allow pool size one = true
        [mon]
        mon data = \(folder)/mon
        mon cluster log to file = false
        mon max pg per osd = 1000
        paxos propose interval = 0.02
        paxos min wait = 0.01
        auth allow insecure global id reclaim = true
        [osd]
        osd data = \(folder)/osd
        osd objectstore = memstore
        memstore device bytes = 4294967296
        osd class load list = *
        osd class default list = *
        [client]
        rgw data = \(folder)/rgw
        rgw frontends = beast endpoint=127.0.0.1:\(port)
        rgw thread pool size = 32
        rgw enable gc threads = false
        rgw enable lc threads = false
        rgw enable quota threads = false
        rgw run sync thread = false
        rgw multi obj del max aio = 1

        """
    }
}
