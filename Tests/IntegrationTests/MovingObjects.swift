// A gateway whose objects move, with clients that keep writing and know what they were promised.

import Digest
import Foundation
import S3Wire
import Synchronization
import TestSupport

@testable import Gateway

/// A listener `s3` with everything ready to move its objects, and one, `target`, that leads to the target itself.
final class MovingObjects: Sendable {
    /// One of the two places.
    enum Place: Sendable {
        /// The lines of a backend's section, in one mapping.
        case server(port: Int, signed: Bool)
        case embedded

        func section(_ folder: String) -> String {
            let keys = S3Credentials()
            return switch self {
            case .server(let port, let signed):
                "url: \"http://127.0.0.1:\(port)\""
                    + (signed ? ", login: { user: \(keys.accessKey), password: \(keys.secretKey) }" : "")
            case .embedded: "adapter: embedded, options: { folder: \"\(folder)\" }"
            }
        }

        var isPrivate: Bool {
            if case .embedded = self { true } else { false }
        }
    }

    let folder: TemporaryFolder
    private let source: Place
    private let target: Place
    let port: Int
    let targetPort: Int
    private let adminPort: Int
    private let running = Mutex<Fairlead?>(nil)

    init(from source: Place, to target: Place) throws {
        folder = try TemporaryFolder()
        self.source = source
        self.target = target
        port = try FreePort.take()
        targetPort = try FreePort.take()
        adminPort = try FreePort.take()
        try start()
    }

    /// Starts the gateway, again after it was killed.
    func start() throws {
        let keys = S3Credentials()
        func access(_ asks: Bool) -> String {
            asks ? ", access-keys: { \(keys.accessKey): \(keys.secretKey) }" : ""
        }
        let gateway = try Fairlead(
            yaml: """
                admin: 127.0.0.1:\(adminPort)
                workers: 2
                listeners:
                  s3: { protocol: s3, listen: "127.0.0.1:\(port)", backend: old\(access(source.isPrivate || target.isPrivate)), migrate: { to: new, state: "\(folder.file("move.json"))" } }
                  target: { protocol: s3, listen: "127.0.0.1:\(targetPort)", backend: new\(access(target.isPrivate)) }
                backends:
                  old: { \(source.section(folder.file("data"))) }
                  new: { \(target.section(folder.file("data"))) }

                """)
        running.withLock { $0 = gateway }
    }

    var gateway: Fairlead? { running.withLock { $0 } }

    func kill() throws {
        let gateway = running.withLock { $0 }
        gateway?.signal(SIGKILL)
        _ = try gateway?.ending()
        running.withLock { $0 = nil }
    }

    func connect() throws -> ObjectClient { try ObjectClient(port) }

    /// `fairlead migrate s3 …`.
    func migrate(_ options: String...) throws -> CommandResult {
        try Command.runBlocking(
            [try Tools.fairlead, "migrate", "s3", "--admin", "127.0.0.1:\(adminPort)"] + options,
            timeout: .seconds(1200))
    }

    func get(_ path: String) throws -> String {
        let connection = try RawConnection(port: adminPort)
        try connection.send("GET \(path) HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        return String(decoding: try connection.rest(), as: UTF8.self)
    }

    /// A new client's view of the embedded store, after the gateway was stopped.
    func embedded() throws -> TranslatedS3 { try TranslatedS3(folder) }
}

/// A client that writes objects of its own and remembers what the server has answered.
final class ObjectWriter: Sendable {
    /// What an object holds, as its writer knows it.
    private struct Known {
        var seed: UInt64
        var size: Int
        var fields: [String: String]
    }

    private struct State {
        /// By key: what is there; nil for nothing.
        var known: [String: Known?] = [:]
        var written = 0
        var reconnects = 0
    }

    private let state = Mutex(State())
    private let isOver = Atomic(false)
    private let isDone = Atomic(false)
    let name: String
    private let bucket: String

    /// Begins to write with connections that `connect` makes, as soon as there is one.
    init(
        _ name: String, in bucket: String, keys: Int, uploads: Bool,
        _ connect: @escaping @Sendable () throws -> ObjectClient
    ) {
        self.name = name
        self.bucket = bucket
        let thread = Thread { [self] in
            var client: ObjectClient?
            var random = SystemRandomNumberGenerator()
            while !isOver.load(ordering: .relaxed) {
                var touched: [String] = []
                do {
                    if client == nil {
                        client = try connect()
                        state.withLock { $0.reconnects += 1 }
                    }
                    try client.map { try write($0, keys: keys, uploads: uploads, &touched, &random) }
                } catch {
                    // Whether the last write was carried out is not known: the keys are written anew before they count.
                    state.withLock { for key in touched { $0.known.removeValue(forKey: key) } }
                    client?.close()
                    client = nil
                    usleep(5_000)
                }
            }
            client?.close()
            isDone.store(true, ordering: .releasing)
        }
        thread.stackSize = 4 << 20
        thread.start()
    }

    private func write(
        _ client: ObjectClient, keys: Int, uploads: Bool, _ touched: inout [String],
        _ random: inout SystemRandomNumberGenerator
    ) throws {
        let key = "\(name)/\(Int.random(in: 0..<keys, using: &random))"
        touched = [key]
        let sizes = [0, 1, 700, 5_000, 70_000, 300_000]
        var fresh = Known(
            seed: UInt64.random(in: 0 ... .max, using: &random), size: sizes.randomElement(using: &random) ?? 0,
            fields: ["content-type": "text/x-\(Int.random(in: 0..<9, using: &random))", "x-amz-meta-writer": name])
        switch Int.random(in: 0..<24, using: &random) {
        case 0:
            try client.check(ObjectClient.request(.delete, bucket, key))
            state.withLock { $0.known[key] = .some(.none) }
        case 1:
            let other = "\(name)/\(Int.random(in: 0..<keys, using: &random))"
            touched.append(other)
            try deleteBoth(client, key, other)
            state.withLock {
                for one in [key, other] { $0.known[one] = .some(.none) }
            }
        case 2:
            guard let source = state.withLock({ $0.known.first { $0.key != key && $0.value != nil } }) else { break }
            var request = ObjectClient.request(.put, bucket, key)
            request.add("x-amz-copy-source", "\(bucket)/\(source.key)")
            let reply = try client.check(request)
            guard reply.code == nil else { throw SupportError(reply.summary) }
            state.withLock { $0.known[key] = source.value }
        case 3 where uploads:
            fresh.size = (5 << 20) + 1000
            let bytes = objectBytes(fresh.seed, fresh.size)
            try client.upload(
                bucket, key, [Array(bytes.prefix(5 << 20)), Array(bytes.suffix(1000))], fresh.fields)
            state.withLock { [fresh] in $0.known[key] = fresh }
        default:
            try client.put(bucket, key, objectBytes(fresh.seed, fresh.size), fresh.fields)
            state.withLock { [fresh] in $0.known[key] = fresh }
        }
        state.withLock { $0.written += 1 }
    }

    private func deleteBoth(_ client: ObjectClient, _ one: String, _ other: String) throws {
        var request = ObjectClient.request(.post, bucket).with("delete")
        let keys = Set([one, other]).map { "<Object><Key>\($0)</Key></Object>" }.joined()
        request.document = Array("<Delete>\(keys)</Delete>".utf8)
        request.add("content-md5", base64(HashAlgorithm.md5.hash(request.document)))
        let reply = try client.check(request)
        if String(decoding: reply.body, as: UTF8.self).contains("<Error>") { throw SupportError("not deleted") }
    }

    func stop() throws {
        isOver.store(true, ordering: .relaxed)
        try eventually("the end of writer \(name)") { isDone.load(ordering: .acquiring) }
    }

    var written: Int { state.withLock { $0.written } }
    var reconnects: Int { state.withLock { $0.reconnects } }

    /// Objects of which `client` shows something else than was promised.
    func lost(on client: ObjectClient) throws -> [String] {
        var lost: [String] = []
        for (key, known) in state.withLock({ $0.known }) {
            let found = try client.object(bucket, key)
            guard let known else {
                if found != nil { lost.append("\(key) is there") }
                continue
            }
            guard let found else {
                lost.append("\(key) is not there")
                continue
            }
            if found.body != objectBytes(known.seed, known.size) { lost.append("\(key): other bytes") }
            for (name, value) in known.fields where found.fields[name] != value {
                lost.append("\(key): \(name) is \(found.fields[name] ?? "nothing")")
            }
        }
        return lost
    }
}
