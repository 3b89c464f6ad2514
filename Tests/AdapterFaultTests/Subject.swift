// The adapters whose faults are tested, all of them for memcached's text protocol.

import AdapterTestSupport
import Capabilities
import DeclaredAdapter
import Foundation
import MemcachedSwiftAdapter
import TestSupport
import Testing

/// An adapter under test.
enum Subject: String, CaseIterable, Sendable {
    case swift
    case declared

    /// The adapter with a time-out that a test can wait for.
    func kind(timeout milliseconds: Int = 5000) throws -> AdapterKind {
        switch self {
        case .swift:
            return AdapterKind(name: "memcached-swift", summary: "") { settings throws(AdapterError) in
                var settings = settings
                settings.options["timeout-ms"] = "\(milliseconds)"
                return try MemcachedSwiftAdapter.kind.make(settings)
            }
        case .declared: return try Self.declared("memcached", timeout: milliseconds)
        }
    }

    /// The shipped description called `name` with another time-out.
    static func declared(_ name: String, timeout milliseconds: Int) throws -> AdapterKind {
        let path = "\(Tools.repository)/adapters/\(name)/adapter.yaml"
        let text = try String(contentsOfFile: path, encoding: .utf8)
        let changed = text.replacingOccurrences(
            of: "\ntransport:\n", with: "\ntransport:\n  reply-timeout: \(milliseconds)ms\n")
        try #require(changed != text)
        return try DeclaredAdapterFile.parse(changed, source: path).kind
    }

    /// Runs `body` with this adapter against a server that follows `script`.
    func run(
        timeout milliseconds: Int = 5000, against script: @escaping @Sendable (ScriptedConnection, Int) throws -> Void,
        _ body: @escaping @Sendable (ServiceRig) async throws -> Void
    ) async throws {
        let server = try ScriptedServer(script)
        defer { server.stop() }
        try await ServiceRig.run(try kind(timeout: milliseconds), url: "tcp://127.0.0.1:\(server.port)", body)
    }
}

/// memcached's side of the text protocol for `mg` with the flags v and k, as far as the scripts need it.
enum Memcached {
    /// The key of the next `mg`.
    static func nextKey(_ connection: ScriptedConnection) throws -> String {
        let words = try connection.readLine().split(separator: " ")
        guard words.count == 4, words[0] == "mg", words[2...] == ["v", "k"] else {
            throw SupportError("expected mg with a key, v and k, got \(words)")
        }
        return String(words[1])
    }

    /// A hit for `key`; the value tells which key it belongs to.
    static func hit(_ key: String) -> String {
        let value = "value of \(key)"
        return "VA \(value.utf8.count) k\(key)\r\n\(value)\r\n"
    }

    /// Answers every `mg` as it should be.
    static func serve(_ connection: ScriptedConnection) throws {
        while true { try connection.send(hit(try nextKey(connection))) }
    }
}

extension Result where Success == Answer, Failure == Capabilities.Failure {
    /// Whether it is the value of `key` and of no other.
    func isValue(of key: String) -> Bool { self == .success(.bytes(Array("value of \(key)".utf8))) }

    /// Whether it is an error after which nobody knows what was done, or that says the backend is broken.
    var isBackendsFault: Bool {
        switch self {
        case .failure(.indeterminate), .failure(.protocolBroken), .failure(.backend), .failure(.unavailable): true
        default: false
        }
    }
}
