// The tree is held to its rules, and each rule is seen to fail.

import Foundation
import Testing

@Suite("The tree is tidy")
struct TidyTests {
    @Test("every file keeps the rules of its folder")
    func files() throws {
        let tree = try Tree()
        #expect(tree.paths.count > 50)
        var violations: [Violation] = []
        for path in tree.paths { if let text = tree.text(path) { violations += TidyRules.check(path, text) } }
        #expect(violations == [])
    }

    @Test("every protocol folder has files of the same names")
    func protocols() throws { #expect(TidyRules.checkProtocolFolders(Set(try Tree().paths)) == []) }

    @Test("the README's test command is what the continuous integration runs")
    func testCommand() throws {
        let tree = try Tree()
        let violations = TidyRules.checkTestCommand(
            readme: tree.text("README.md") ?? "", integration: tree.text(".ci/run") ?? "")
        #expect(violations == [])
    }
}

@Suite("Each rule of tidiness can fail")
struct TidyRuleTests {
    private static let header = "// A file.\n"

    @Test(
        "a planted violation is found",
        arguments: [
            ("protocols/Redis/A.swift", header + "import Foundation\n", "must not import Foundation"),
            ("protocols/Redis/A.swift", header + "import S3Wire\n", "must not import S3Wire"),
            ("protocols/Redis/A.swift", header + "import Glibc\n", "must not import Glibc"),
            ("protocols/Wire/A.swift", header + "import Wire\n", "must not import Wire"),
            ("Sources/Reactor/A.swift", header + "import Wire\n", "must not import Wire"),
            ("Sources/Reactor/A.swift", header + "@preconcurrency import Foundation\n", "must not import Foundation"),
            ("Sources/Reactor/A.swift", header + "import struct Foundation.Data\n", "must not import Foundation"),
            ("Sources/Capabilities/A.swift", header + "import Reactor\n", "must not import Reactor"),
            (
                "Sources/Gateway/A.swift", header + "import FoundationEssentials\n",
                "must not import FoundationEssentials"
            ),
            ("Sources/Gateway/A.swift", header + "import Admin\n", "must not import Admin"),
            ("Sources/Gateway/Configuration/A.swift", header + "import Foundation\n", "must not import Foundation"),
            ("Sources/Admin/A.swift", header + "package import Gateway\n", "must not import Gateway"),
            ("adapters/x/A.swift", header + "import Gateway\n", "must not import Gateway"),
            ("Sources/Gateway/A.swift", "import Wire\n", "the first line is not a comment of one sentence"),
            ("Sources/Gateway/A.swift", "// A file\n", "the first line is not a comment of one sentence"),
            ("Sources/Gateway/A.swift", header + "// TO" + "DO: more\n", "holds a leftover TO" + "DO"),
            ("Tests/XTests/A.swift", header + "// FIX" + "ME\n", "holds a leftover FIX" + "ME"),
            ("Sources/Gateway/A.swift", header + "print(1)\n", "prints; only the command line does"),
            ("Tests/XTests/A.swift", header + "let a = try! b()\n", "uses try!"),
            ("Sources/Gateway/A.swift", header + "fatalError(reason)\n", "calls fatalError"),
            ("Sources/Gateway/A.swift", header + "let a = b!\n", "forces an optional"),
            ("Sources/Gateway/A.swift", header + "let a = b[0]!.c\n", "forces an optional"),
            ("Sources/Gateway/A.swift", header + "let a = b as! C\n", "forces an optional"),
            ("Sources/Gateway/A.swift", header + String(repeating: "\n", count: 600), "has 601 lines, more than 600"),
            ("README.md", "see /work" + "/main", "names a path of one machine, /work" + "/…"),
            ("Scripts/x", "cd /home" + "/me", "names a path of one machine, /home" + "/…"),
        ])
    func planted(path: String, text: String, rule: String) {
        #expect(TidyRules.check(path, text) == [Violation(path: path, rule: rule)])
    }

    @Test(
        "what only looks like a violation is none",
        arguments: [
            ("Sources/Gateway/A.swift", header + "if a != b, !c { d(\"try! e!\") } // print( f!\n"),
            ("Sources/Gateway/A.swift", header + "let a = \"\"\"\n    print(1) b! \"quoted\"\n    \"\"\"\n"),
            ("Sources/Gateway/A.swift", header + "let a = #\"\\d!\"#\nlogger.print(1)\n"),
            ("Sources/fairlead/A.swift", header + "import RedisWire\nprint(1)\n"),
            ("Sources/Gateway/Configuration/A.swift", header + "import FoundationEssentials\nimport Yams\n"),
            ("Sources/Gateway/A.swift", header + "import Logging\nimport Reactor\nimport RedisWire\n"),
            ("protocols/Redis/A.swift", header + "import Wire\n"),
            ("Sources/Gateway/A.swift", header + String(repeating: "\n", count: 599)),
            ("Package.swift", "// swift-tools-version: 6.2\n"),
        ])
    func innocent(path: String, text: String) { #expect(TidyRules.check(path, text) == []) }

    @Test("a protocol folder without one of its files is found")
    func missingFile() {
        let whole =
            ["Frame", "RequestFramer", "ReplyFramer", "Limits", "Command", "Exchange", "ErrorReply"]
            .map { "protocols/Odd/Odd\($0).swift" } + ["protocols/Odd/LIFECYCLE.md", "protocols/Wire/Bytes.swift"]
        #expect(TidyRules.checkProtocolFolders(Set(whole)) == [])
        for missing in whole.dropLast() {
            #expect(TidyRules.checkProtocolFolders(Set(whole).subtracting([missing])).count == 1)
        }
    }

    @Test("a README or a continuous integration with another test command is found")
    func otherCommand() {
        #expect(TidyRules.checkTestCommand(readme: "`make test`", integration: "cd x\nexec make test\n") == [])
        #expect(TidyRules.checkTestCommand(readme: "`swift test`", integration: "make test").count == 1)
        #expect(TidyRules.checkTestCommand(readme: "`make test`", integration: "# make test\nswift test").count == 1)
    }
}

/// The files of the repository that are ours, wherever it was checked out.
private struct Tree {
    let root: URL
    let paths: [String]

    private static let folders = [
        "Sources", "Tests", "protocols", "adapters", "conformance", "Benchmarks", "Scripts", ".ci",
    ]

    init() throws {
        root = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
        var paths = try FileManager.default.contentsOfDirectory(atPath: root.path).filter {
            $0.hasSuffix(".md") || $0 == "Package.swift" || $0 == "Makefile"
        }
        for folder in Self.folders {
            guard let files = FileManager.default.enumerator(atPath: root.appendingPathComponent(folder).path) else {
                continue
            }
            for case let file as String in files where !file.contains("Corpus/") { paths.append("\(folder)/\(file)") }
        }
        self.paths = paths.sorted()
    }

    /// The text of a file; nil of a folder, and of what is not text.
    func text(_ path: String) -> String? { try? String(contentsOf: root.appendingPathComponent(path), encoding: .utf8) }
}
