// The adapter: its settings, its manifest, its life.

import Capabilities
import TestSupport
import Testing

@testable import EmbeddedAdapter

@Suite("The embedded adapter")
struct AdapterTests {
    private func make(_ url: String?, _ options: [String: String] = [:]) throws(AdapterError) -> EmbeddedAdapter {
        try EmbeddedAdapter(AdapterSettings(backend: "b", url: url, options: options))
    }

    @Test("settings name the folder once, and say what is kept and how")
    func settings() throws {
        #expect(try make("file:///var/lib/x").folder == "/var/lib/x")
        let adapter = try make(nil, ["folder": "data", "fsync": "always", "max-memory": "512MiB"])
        #expect(adapter.folder == "data")
        #expect(adapter.synchronizePolicy == .always)
        #expect(adapter.maximumMemory == 512 << 20)
        #expect(try make("file:///x").maximumMemory == nil)
    }

    @Test(
        "a setting that makes no sense is named",
        arguments: [
            (nil, [:], "options.folder"), ("http://x", [:], "url"), ("file:///", [:], "url"),
            ("file:///x", ["folder": "y"], "options.folder"), ("file:///x", ["fsync": "often"], "options.fsync"),
            ("file:///x", ["max-memory": "lots"], "options.max-memory"),
            ("file:///x", ["max-memory": "-1"], "options.max-memory"),
            ("file:///x", ["max-memory": "9999999999GiB"], "options.max-memory"),
            ("file:///x", ["color": "red"], "options.color"),
        ] as [(String?, [String: String], String)])
    func mistakes(url: String?, options: [String: String], key: String) throws {
        let error = #expect(throws: AdapterError.self) { try make(url, options) }
        #expect(error?.key == key)
    }

    @Test("every capability of keys, buses, queues, locks and sequences is native")
    func manifest() throws {
        let manifest = try make("file:///x").manifest
        let families: [CapabilityFamily] = [
            .keyValue, .hash, .list, .set, .sortedSet, .bus, .queue, .lock, .sequence,
        ]
        for capability in Capability.allCases where families.contains(capability.family) {
            #expect(manifest[capability].support == .native, "\(capability.name)")
        }
        #expect(manifest[.keyValueDatabases].bounds == [.databases: 16])
    }

    @Test("an adapter that is stopped and started again holds what was committed", .timeLimit(.minutes(1)))
    func life() async throws {
        let folder = try TemporaryFolder()
        for round in 0..<3 {
            let adapter = try EmbeddedAdapter.kind.make(
                AdapterSettings(backend: "b", url: "file://\(folder.path)/a/b", options: [:]))
            try await adapter.start()
            let service = adapter.makeService()
            let context = CallContext(now: Keeper.timeOfDay())
            let answer = try await service.perform(.keyValue(.increment(key: b("n"), by: 1)), context)
            #expect(answer == .integer(Int64(round + 1)))
            #expect(service.answersAtOnce(.keyValue(.count)))
            try service.commit()
            await service.close()
            await adapter.stop()
        }
    }

    @Test("an adapter that was not started refuses everything")
    func unstarted() async throws {
        let service = try make("file:///x").makeService()
        await #expect(throws: Failure.self) { try await service.perform(.keyValue(.count), CallContext(now: 0)) }
    }

    @Test("upkeep deletes what has expired, and writes a snapshot of a log that has grown", .timeLimit(.minutes(1)))
    func upkeep() async throws {
        let folder = try TemporaryFolder()
        let store = try EmbeddedStore(folder.path, policy: .everySecond, maximumMemory: .max)
        let service = EmbeddedService(store, EmbeddedBus(), manifest: Manifest(adapter: "x"), object: nil, sql: nil)
        let context = CallContext(now: Keeper.timeOfDay())
        let expiring = SetOptions(expiry: .at(context.now + 1))
        _ = try await service.perform(.keyValue(.set(key: b("goes"), value: b("v"), expiring)), context)
        for _ in 0..<1000 {
            _ = try await service.perform(.keyValue(.set(key: b("k"), value: b("value"), SetOptions())), context)
        }
        try service.commit()
        let keeper = Keeper(store, synchronizes: true, minimumLog: 1000)
        #expect(keeper.start())
        while store.withState({ $0.databases[0].table.count }) > 1 { try await Task.sleep(nanoseconds: 1_000_000) }
        let contents = { try LogFolderContents(folder.path) }
        while try !contents().names.contains("keys-2.snapshot") { try await Task.sleep(nanoseconds: 1_000_000) }
        keeper.stop()
        #expect(try contents().names == ["keys-2.log", "keys-2.snapshot", "lock"])
    }
}
