// The rules that hold for every file, as functions of its path and its text.

import Foundation

/// One rule that one file breaks.
struct Violation: Equatable, CustomStringConvertible {
    let path: String
    let rule: String

    var description: String { "\(path): \(rule)" }
}

/// The rules of the tree; paths are relative to its root.
enum TidyRules {
    /// The rules of a single file.
    static func check(_ path: String, _ text: String) -> [Violation] {
        var broken: [String] = []
        broken += path.hasSuffix(".swift") ? swiftRules(path, text) : []
        // Put together so that this file does not hold what it forbids.
        for root in ["/work" + "/", "/home" + "/", "/Users" + "/", "/root" + "/"] where text.contains(root) {
            broken.append("names a path of one machine, \(root)…")
        }
        return broken.map { Violation(path: path, rule: $0) }
    }

    private static func swiftRules(_ path: String, _ text: String) -> [String] {
        var broken: [String] = []
        let lines = text.components(separatedBy: "\n")
        let header = lines.first ?? ""
        if path != "Package.swift", !header.hasPrefix("// ") || !header.hasSuffix(".") {
            broken.append("the first line is not a comment of one sentence")
        }
        // What a generator writes is as long as its input asks for.
        if lines.count > 601, !path.contains("/Generated/") {
            broken.append("has \(lines.count - 1) lines, more than 600")
        }
        for word in ["TO" + "DO", "FIX" + "ME"] where text.contains(word) { broken.append("holds a leftover \(word)") }
        let code = SwiftText.code(of: text)
        for name in imports(code) where !ImportTable.allows(name, in: path) { broken.append("must not import \(name)") }
        if has(#"\btry!"#, code) { broken.append("uses try" + "!") }
        if has(#"\bas!|(?<!\btry|\bas)(?<=[\w\)\]\}>])!(?![=\w])"#, code) { broken.append("forces an optional") }
        let isProduct = path.hasPrefix("Sources/") || path.hasPrefix("protocols/") || path.hasPrefix("adapters/")
        if isProduct, !path.hasPrefix("Sources/fairlead/"), has(#"(?<![\w.])print\("#, code) {
            broken.append("prints; only the command line does")
        }
        if has(#"\bfatalError\("#, code), programmerErrors[path] == nil { broken.append("calls fatalError") }
        return broken
    }

    /// Files that may call `fatalError`, each with the programmer error it is for.
    static let programmerErrors: [String: String] = [:]

    private static func imports(_ code: String) -> [String] {
        code.components(separatedBy: "\n").compactMap { line in
            var words = line.split(separator: " ")
            let before: Set<Substring> = [
                "@testable", "@preconcurrency", "@_exported", "public", "package", "internal", "fileprivate", "private",
            ]
            while let first = words.first, before.contains(first) { words.removeFirst() }
            guard words.count >= 2, words[0] == "import" else { return nil }
            // `import struct Module.Name` names the module in its last word.
            return words[words.count == 2 ? 1 : 2].split(separator: ".").first.map(String.init)
        }
    }

    private static func has(_ pattern: String, _ text: String) -> Bool {
        text.range(of: pattern, options: .regularExpression) != nil
    }

    // MARK: Rules of the whole tree

    /// The files that every protocol folder has, after the protocol's name.
    private static let required: [(oneOf: [[String]], what: String)] = [
        ([["Frame"]], "Frame.swift"),
        ([["Framer"], ["RequestFramer", "ReplyFramer"]], "Framer.swift or its two halves"),
        ([["Limits"]], "Limits.swift"), ([["Command"]], "Command.swift"), ([["Exchange"]], "Exchange.swift"),
        ([["ErrorReply"]], "ErrorReply.swift"),
    ]

    /// The folders of `protocols/`, but for what they share, have files of the same names.
    static func checkProtocolFolders(_ paths: Set<String>) -> [Violation] {
        let folders = Set(
            paths.compactMap { path -> String? in
                let parts = path.split(separator: "/")
                return parts.count == 3 && parts[0] == "protocols" && parts[1] != "Wire" ? String(parts[1]) : nil
            })
        var violations: [Violation] = []
        for folder in folders.sorted() {
            let place = "protocols/\(folder)"
            for (choices, what) in required
            where !choices.contains(where: { $0.allSatisfy { paths.contains("\(place)/\(folder)\($0).swift") } }) {
                violations.append(Violation(path: place, rule: "has no \(folder)\(what)"))
            }
            if !paths.contains("\(place)/LIFECYCLE.md") {
                violations.append(Violation(path: place, rule: "has no LIFECYCLE.md"))
            }
        }
        return violations
    }

    /// The command that the README gives for the tests is the one that the continuous integration runs.
    static func checkTestCommand(readme: String, integration: String) -> [Violation] {
        var violations: [Violation] = []
        if !has(#"\bmake test\b"#, readme) {
            violations.append(Violation(path: "README.md", rule: "does not say make test"))
        }
        let commands = integration.components(separatedBy: "\n").filter { !$0.hasPrefix("#") }.joined(separator: "\n")
        if !has(#"(?m)^\s*(exec )?make test\s*$"#, commands) {
            violations.append(Violation(path: ".ci/run", rule: "does not call make test"))
        }
        return violations
    }
}
