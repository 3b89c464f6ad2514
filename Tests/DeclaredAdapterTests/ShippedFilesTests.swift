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
              reserve: { send: "RES {queue}\n", expects: [ITEM, "NO"] }

            """#, source: "a.yaml")
        #expect(file.manifest[.keyValueRange].weakenings == [.partial])
        #expect(file.manifest[.keyValueRange].note == "quick; parts of a value are neither read nor written")
        #expect(file.manifest.incomplete == CapabilitySet(.keyValueRange))
        #expect(file.manifest[.queueReserve].weakenings == [.partial])
        #expect(file.manifest[.queueReserve].note == "it does not wait for an item")
        #expect(file.manifest[.keyValueExchange].support == .refused)
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
