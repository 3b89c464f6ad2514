// The shipped files are without a mistake, and their manifests say what the issue asks for.

import Capabilities
import TestSupport
import Testing

@testable import DeclaredAdapter

@Suite("The shipped adapter files")
struct ShippedFilesTests {
    @Test("every shipped file passes its check", arguments: ShippedAdapters.names)
    func shippedFilesPass(name: String) throws {
        let text = try #require(ShippedAdapters.text(name))
        do {
            let file = try DeclaredAdapterFile.parse(text, source: "adapters/\(name)/adapter.yaml")
            #expect(file.name == name)
            #expect(!file.summary.isEmpty)
        } catch {
            Issue.record("\(error)")
        }
    }

    @Test("the executable holds what is in the repository", arguments: ShippedAdapters.names)
    func embeddedTextIsTheFile(name: String) throws {
        let file = try String(contentsOfFile: "\(Tools.repository)/adapters/\(name)/adapter.yaml", encoding: .utf8)
        #expect(ShippedAdapters.text(name) == file)
    }

    @Test("what a file leaves out of a capability is told in its manifest")
    func leftOut() throws {
        let file = try DeclaredAdapterFile.parse(
            #"""
            adapter: rng
            transport: { schemes: [tcp], port: 7070 }
            framing: { lines: { end: "\n" } }
            keys: { allowed: printable }
            messages:
              "NO": { line: "NO", is: missing }
              N: { line: "N {number:number}", is: result }
              ITEM: { line: "ITEM {id} {size:number}", body: { payload: size, end: "\n" }, is: result }
            capabilities: { kv.range: { support: native, note: quick }, queue.reserve: native }
            operations:
              length: { send: "LEN {key}\n", expects: [N, "NO"] }
              reserve: { send: "RES {queue} {visibility}\n", expects: [ITEM, "NO"] }

            """#, source: "a.yaml")
        #expect(file.manifest[.keyValueRange].weakenings == [.partial])
        #expect(file.manifest[.keyValueRange].note == "quick; parts of a value are neither read nor written")
        #expect(file.manifest.incomplete == CapabilitySet(.keyValueRange))
        #expect(file.manifest[.queueReserve].weakenings == [.partial])
        #expect(file.manifest[.queueReserve].note == "it does not wait for an item")
        #expect(file.manifest[.keyValueExchange].support == .refused)
    }

    @Test("what of conditional sets and of times a file does not map is told as partial")
    func halfMapped() throws {
        func file(_ operations: String) throws -> Manifest {
            let text = MistakeTests.sound.replacing(
                "kv.ttl: native", with: "kv.ttl: native\n  kv.conditional-set: native")
            return try DeclaredAdapterFile.parse(text + "\n" + operations, source: "a.yaml").manifest
        }
        let absent = #"  set-if-absent: { send: "ADD {key} {value.length}\n{value}\n" }"#
        let one = try file(absent)
        #expect(one[.keyValueConditionalSet].weakenings == [.partial])
        #expect(one[.keyValueConditionalSet].note == "a key cannot be set only if it is there")
        #expect(one[.keyValueTTL].weakenings == [.partial] && !one.keepsExpiry)
        #expect(
            one[.keyValueTTL].note
                == "not mapped, and so refused: set-if-absent-with-expiry, set-keeping-expiry, expire, expiry, persist, "
                + "get-and-expire")
        let both = try file(
            absent.replacing("{key}", with: "{key} {expiry}") + "\n"
                + #"  set-if-present: { send: "REP {key} {expiry} {value.length}\n{value}\n" }"#)
        #expect(both[.keyValueConditionalSet] == ManifestEntry(.native))
        #expect(both[.keyValueTTL].note.hasPrefix("not mapped, and so refused: set-keeping-expiry"))
        // A file that maps all of it, or says itself what is missing, is left as it is.
        #expect(try #require(try ShippedAdapters.file("etcd")).manifest[.keyValueTTL].weakenings == [.wholeSeconds])
        let told = try #require(try ShippedAdapters.file("memcached-binary")).manifest[.keyValueTTL]
        #expect(told.weakenings.contains(.partial) && !told.note.contains("not mapped"))
    }

    @Test("what is not in a manifest is refused")
    func unmentionedIsRefused() throws {
        let manifest = try #require(try ShippedAdapters.file("memcached")).manifest
        #expect(manifest[.keyValueIncrement].support == .refused)
        #expect(manifest[.hashSet].support == .refused)
        #expect(manifest[.keyValueGet].support == .native)
        #expect(manifest[.keyValueTTL].weakenings.contains(.wholeSeconds))
    }
}
