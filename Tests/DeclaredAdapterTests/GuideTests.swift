// The guide, the starting point and the reference hold what they say.

import Capabilities
import Foundation
import TestSupport
import Testing

@testable import DeclaredAdapter

@Suite("The guide and its example", .serialized, .timeLimit(.minutes(2)))
struct GuideTests {
    private static let guide = "\(Tools.repository)/adapters/GUIDE.md"
    private static let example = "\(Tools.repository)/adapters/examples/cubby"

    /// The blocks of YAML in the guide.
    private func blocks() throws -> [String] {
        let text = try String(contentsOfFile: Self.guide, encoding: .utf8)
        return text.components(separatedBy: "```yaml\n").dropFirst().map { $0.components(separatedBy: "```")[0] }
    }

    /// The sections of a file, each with its lines.
    private func sections(_ text: String) -> [(name: String, lines: [String])] {
        var sections: [(name: String, lines: [String])] = []
        for line in text.split(separator: "\n") {
            if line.first?.isLetter ?? false {
                sections.append((String(line.prefix { $0 != ":" }), [String(line)]))
            } else if !sections.isEmpty {
                sections[sections.count - 1].lines.append(String(line))
            }
        }
        return sections
    }

    @Test("the file passes the check after each step of the guide")
    func stepsPass() throws {
        let blocks = try blocks()
        #expect(blocks.count == 4)
        var file: [(name: String, lines: [String])] = []
        for (step, block) in blocks.enumerated() {
            for section in sections(block) {
                if let index = file.firstIndex(where: { $0.name == section.name }) {
                    file[index].lines += section.lines.dropFirst()
                } else {
                    file.append(section)
                }
            }
            let text = file.flatMap(\.lines).joined(separator: "\n") + "\n"
            do {
                _ = try DeclaredAdapterFile.parse(text, source: "step-\(step + 1).yaml")
            } catch {
                Issue.record("\(error)\n\(text)")
            }
        }
        // What the steps arrive at does the same as the file beside the toy server.
        let last = try DeclaredAdapterFile.parse(
            file.flatMap(\.lines).joined(separator: "\n"), source: "cubby.yaml")
        let whole = try DeclaredAdapterFile.load("\(Self.example)/adapter.yaml")
        #expect(last.description.operations.map(\.shape.name) == whole.description.operations.map(\.shape.name))
        #expect(Set(last.description.messages.map(\.name)) == Set(whole.description.messages.map(\.name)))
        #expect(last.manifest == whole.manifest)
    }

    @Test("the mistake that the guide shows is told as the guide shows it")
    func mistakeIsTold() throws {
        let block = try blocks()[0].replacing("is: missing }", with: "is: mising }")
        do {
            _ = try DeclaredAdapterFile.parse(block, source: "cubby.yaml")
            Issue.record("nothing was found")
        } catch {
            let guide = try String(contentsOfFile: Self.guide, encoding: .utf8)
            let shown = guide.split(separator: "\n").first { $0.hasPrefix("cubby.yaml:") }.map(String.init) ?? ""
            let told = error.problems.map(\.description).first ?? ""
            let (start, end) = (shown.components(separatedBy: "…")[0], shown.components(separatedBy: "…").last ?? "")
            #expect(told.hasPrefix(start) && told.hasSuffix(end), "\(told)")
        }
    }

    @Test("the example speaks with its server")
    func exampleWorks() async throws {
        let port = try FreePort.take()
        let folder = try TemporaryFolder()
        let server = try ServerProcess(
            "cubby", [try Tools.find("python3"), "\(Self.example)/server.py", "\(port)", "s3cret"],
            log: folder.file("log"))
        defer { server.stop() }
        try await blocking { try server.waitUntilAnswers(port) }
        let file = try DeclaredAdapterFile.load("\(Self.example)/adapter.yaml")
        let url = "tcp://127.0.0.1:\(port)"
        try await DeclaredRig.run(file, url: url, options: ["token": "s3cret"]) { rig in
            #expect(await rig.get("greeting") == .success(.missing))
            #expect(await rig.set("greeting", "hello\ncubby") == .success(.done))
            #expect(await rig.get("greeting") == .success(.bytes(bytes("hello\ncubby"))))
            #expect(await rig.set("two words", "") == .success(.done))
            #expect(await rig.get("two words") == .success(.bytes([])))
            guard case .success(.versioned(_, let version)) = await rig.kv(.getVersioned(key: bytes("greeting")))
            else { throw SupportError("no version") }
            #expect(await rig.set("greeting", "2", SetOptions(.version(version))) == .success(.done))
            #expect(await rig.set("greeting", "3", SetOptions(.version(version))) == .success(.missing))
            #expect(await rig.kv(.exists(keys: [bytes("greeting")])) == .success(.integer(1)))
            #expect(await rig.kv(.delete(keys: [bytes("greeting")])) == .success(.integer(1)))
            #expect(await rig.set("k", "v", SetOptions(expiry: .at(DeclaredRig.now + 5000))).refused == .keyValueTTL)
            #expect(await rig.get("k") == .success(.missing))
            // The file has no `limits`: an answer of more than a frame could never be read.
            let huge = [UInt8](repeating: 1, count: (16 << 20) + 1)
            let answer = await rig.kv(.set(key: bytes("huge"), value: huge, SetOptions()))
            #expect(answer == .failure(.tooLarge(limit: 16 << 20)))
            #expect(await rig.get("huge") == .success(.missing))
        }
        try await DeclaredRig.run(file, url: url, options: ["token": "wrong"]) { rig in
            guard case .failure(.unavailable(let text)) = await rig.get("k") else { throw SupportError("let in") }
            #expect(text.contains("wrong token"))
        }
        #expect(throws: AdapterError.self) { try file.makeAdapter(AdapterSettings(backend: "b", url: url)) }
    }

    @Test("a file that is not there is told from one that is no text")
    func missingFile() throws {
        let folder = try TemporaryFolder()
        let told = { (path: String) in DeclaredAdapterFile.check(path).map(\.message) }
        #expect(told(folder.file("nope.yaml")) == ["there is no such file; give the path of an adapter.yaml"])
        try Data([0xFF, 0xFE, 0xFF]).write(to: URL(fileURLWithPath: folder.file("bytes.yaml")))
        #expect(
            told(folder.file("bytes.yaml")) == ["cannot be read as UTF-8 text; give the path of an adapter.yaml"])
    }

    @Test("the starting point passes its own check")
    func starterPasses() throws {
        do {
            let file = try DeclaredAdapterFile.parse(StarterFile.text("my-own"), source: "adapter.yaml")
            #expect(file.name == "my-own")
            #expect(file.describe.contains("kv.get"))
        } catch {
            Issue.record("\(error)")
        }
    }

    @Test("what the guide shows beyond values passes the check")
    func fragmentsPass() throws {
        let guide = try String(contentsOfFile: Self.guide, encoding: .utf8)
        let heads = [
            "fields: { value: \"code | base64\"": """
            adapter: toy
            transport: { schemes: [tcp] }
            framing: { lines: { end: "\\n" } }
            keys: { allowed: printable }

            """,
            "adapter: store": "",
            "fields: { columns": """
            adapter: toy
            transport: { schemes: [http] }
            framing: { http: {} }
            payload: json

            """,
        ]
        for (start, head) in heads {
            let block = try #require(guide.components(separatedBy: "```\n").first { $0.hasPrefix(start) })
            let isLines = head.contains("lines:")
            let nothing = "messages:\n  NOTHING: { line: \"NOTHING\", is: missing }\n"
            let text = head + (isLines ? block.replacing("messages:\n", with: nothing) : block)
            do { _ = try DeclaredAdapterFile.parse(text, source: "guide.yaml") } catch { Issue.record("\(error)") }
        }
    }

    @Test("the guide lists what a file cannot map, as the check tells it")
    func limitsAreListed() throws {
        let guide = try String(contentsOfFile: Self.guide, encoding: .utf8)
        #expect(guide.contains(CapabilityMapping.table.joined(separator: "\n")))
        for capability in Capability.allCases {
            // Each is either mapped by operations that there are, or listed with its reason.
            let groups = CapabilityMapping.groups(capability)
            #expect((groups == nil) == (CapabilityMapping.reasons[capability] != nil), "\(capability.name)")
            for name in (groups ?? []).joined() { #expect(OperationShape.named(name) != nil, "\(name)") }
        }
    }

    @Test("the reference is made from the tables that the reader uses")
    func referenceIsCurrent() throws {
        let path = "\(Tools.repository)/adapters/REFERENCE.md"
        if ProcessInfo.processInfo.environment["FAIRLEAD_WRITE_PAGES"] != nil {
            try LanguageReference.text.write(toFile: path, atomically: true, encoding: .utf8)
        }
        let page = try String(contentsOfFile: path, encoding: .utf8)
        #expect(
            page == LanguageReference.text,
            "write it again: FAIRLEAD_WRITE_PAGES=1 swift test --filter referenceIsCurrent")
    }
}
