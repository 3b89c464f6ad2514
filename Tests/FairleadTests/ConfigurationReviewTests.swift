// Configurations with private backends: everything that is wrong is told at once, with its place.

import Capabilities
import DeclaredAdapter
import Foundation
import Gateway
import Logging
import Testing

@testable import Conformance
@testable import fairlead

@Suite("A configuration held to its adapters and reports")
final class ConfigurationReviewTests {
    private let folder = NSTemporaryDirectory() + "fairlead-review-\(UUID().uuidString)"
    private var file: String { folder + "/f.yaml" }

    deinit { try? FileManager.default.removeItem(atPath: folder) }

    private func load(_ text: String) throws -> Configuration {
        try ReportFile.write(text, to: file)
        let review = ConfigurationReview(
            adapters: ShippedKinds.registry, conformance: ShippedProofs.gate(file: file))
        return try ConfigurationFile.load(file, review: review)
    }

    /// The problems of `text`, as `check` and `serve` print them, without the file's name.
    private func problems(_ text: String) throws -> [String] {
        do {
            _ = try load(text)
            return []
        } catch let error as ConfigurationError {
            return error.problems.map { $0.description.replacing("\(file):", with: "").replacing(folder, with: "DIR") }
        }
    }

    @Test("mistakes that only adapters see come with the others, in order, each with line, column and key")
    func atOnce() throws {
        let found = try problems(
            """
            listeners:
              a: { protocol: redis, listen: 6390, backend: unknown, idle-timout: 5s }
              b: { protocol: redis, listen: 6391, backend: absent }
              c:
                protocol: redis
                listen: 6392
                backend: bare
                require: [kv.get, sorted-set.add]
            backends:
              unknown: { adapter: memcachd, url: "tcp://127.0.0.1:1" }
              absent: { adapter: ./nope.yaml, url: "tcp://127.0.0.1:1" }
              bare: { adapter: memcached }
              wrong:
                adapter: memcached
                url: "http://127.0.0.1:1"
                options: { depth: 4, width: 5 }
              unread: { adapter: memcached, url: [1] }
              gone: { adapter: memcached, url: "tcp://127.0.0.1:1", conformance: none.json }
            """)
        let expected = [
            "2:57: listeners.a.idle-timout: this key is not known (did you mean \"idle-timeout\"?)",
            "10:23: backends.unknown.adapter: no adapter is called \"memcachd\" (did you mean \"memcached\"?)",
            "11:22: backends.absent.adapter: DIR/nope.yaml: there is no such file",
            "12:9: backends.bare.url: expected tcp://HOST:PORT",
            "15:10: backends.wrong.url: expected tcp://HOST:PORT",
            "16:23: backends.wrong.options.depth: adapter memcached has no such option",
            "16:33: backends.wrong.options.width: adapter memcached has no such option",
            "17:38: backends.unread.url: expected URL, got a list",
            "18:70: backends.gone.conformance: DIR/none.json is not there",
        ]
        #expect(found.count == expected.count)
        for (problem, start) in zip(found, expected) { #expect(problem.hasPrefix(start), "\(problem)") }
    }

    @Test("what traffic requires is named where it is written, beside other mistakes")
    func contracts() throws {
        let found = try problems(
            """
            workers: many
            listeners:
              c:
                protocol: redis
                listen: 6392
                backend: house
                require: [kv.get, sorted-set.add]
            backends:
              house: { adapter: memcached, url: "tcp://127.0.0.1:1" }
            """)
        try #require(found.count == 2)
        #expect(found[0].hasPrefix("1:10: workers: "))
        #expect(found[1].hasPrefix("7:14: listeners.c.require: backend 'house' (adapter memcached) does not cover "))
    }

    @Test("a process is bound for what its report proves, and for nothing more, by check and at the start")
    func processes() throws {
        func text(_ required: String) -> String {
            """
            listeners:
              c: { protocol: redis, listen: 6392, backend: house, require: [\(required)] }
            backends:
              house: { adapter: process, url: "unix:/run/house.sock", conformance: house.json }
            """
        }
        try ReportFile.write(text("kv.get"), to: file)
        let hash = try ConfigurationFile.load(file).hash(ofBackend: "house") ?? ""
        try ReportFile.write(
            """
            {"format": "fairlead-conformance-report", "version": 1, "standing": "passed", "fairlead": "\(fairleadVersion)",
             "adapter": "process", "configuration": "\(hash)", "cases": [],
             "capabilities": {"kv.get": {"support": "native"}, "kv.set": {"support": "native"}}}
            """, to: folder + "/house.json")
        func start(_ configuration: Configuration) throws {
            _ = try Gateway(
                configuration: configuration, fronts: [RedisFront()], adapters: ShippedKinds.registry,
                conformance: ShippedProofs.gate(file: file), logger: Logger(label: "test"))
        }
        try start(load(text("kv.get, kv.set")))

        let refusal =
            "listeners.c.require: backend 'house' (adapter process) does not cover kv.delete (it is refused), by "
        let found = try problems(text("kv.get, kv.delete"))
        #expect(found.count == 1)
        #expect(found.first?.contains(refusal) == true, "\(found)")
        #expect {
            try start(ConfigurationFile.load(file))
        } throws: {
            "\($0)".hasPrefix(refusal)
        }
    }

    @Test("a path is shown as it is written, whatever folder the configuration is in")
    func paths() throws {
        let written = "backends: { b: { adapter: ./own.yaml, url: \"tcp://127.0.0.1:1\", conformance: unverified } }"
        let text = "listeners: { a: { protocol: redis, listen: 6390, backend: b } }\n\(written)"
        try ReportFile.write(StarterFile.text("own"), to: folder + "/own.yaml")
        #expect(try load(text).privateBackends.map(\.adapter) == ["\(folder)/own.yaml"])
        let here = try ConfigurationFile.parse(text, source: "f.yaml", folder: ".")
        #expect(here.destination(of: "b") == "b (./own.yaml tcp://127.0.0.1:1)")
        #expect(here.adapterName(of: here.privateBackends[0]) == "own.yaml")
    }
}
