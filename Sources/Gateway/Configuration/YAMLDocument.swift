// Reads YAML into nodes that know their place, and finds every key that is given twice.

import Yams

/// The nodes of one configuration file and what was wrong with the YAML itself.
struct YAMLDocument {
    var root: Node?
    var problems: [ConfigurationProblem] = []

    // Yams stops at the first key that is given twice. So that every problem is reported at once, the first of the two is
    // renamed in the text, scalar for scalar so that no column moves, and the text is read again: its first letter goes to
    // the same place in a private plane of Unicode, from which it comes back for messages.
    private static let privatePlane: UInt32 = 0xF0000

    /// Reads `text`; `source` names it in problems.
    init(_ text: String, source: String) {
        var text = text
        while true {
            do {
                root = try Parser(yaml: text).singleRoot()
                return
            } catch YamlError.duplicatedKeysInMapping(let names, let context) {
                if let renamed = Self.rename(context.mark, in: text) {
                    text = renamed
                    continue
                }
                let name = names.first.map { Self.original(of: $0) ?? $0 } ?? ""
                add(source, context.mark, "the key \"\(name)\" is given twice in one mapping; keep one")
                return
            } catch YamlError.scanner(let context, let problem, let mark, _),
                YamlError.parser(let context, let problem, let mark, _),
                YamlError.composer(let context, let problem, let mark, _)
            {
                let aside = context.map { "\($0.text), " } ?? ""
                add(source, mark, "this is not YAML: \(aside)\(problem)\(Self.remedy(context?.text ?? problem))")
                return
            } catch {
                problems.append(
                    ConfigurationProblem(source: source, key: "", message: "this is not YAML text in UTF-8"))
                return
            }
        }
    }

    /// The name that a renamed key had, or nil for a key that stands as it was written.
    static func original(of key: String) -> String? {
        guard let first = key.unicodeScalars.first, first.value >= privatePlane,
            let letter = Unicode.Scalar(first.value & 0xFFFF)
        else { return nil }
        var scalars = String.UnicodeScalarView([letter])
        scalars.append(contentsOf: key.unicodeScalars.dropFirst())
        return String(scalars)
    }

    private mutating func add(_ source: String, _ mark: Mark, _ message: String) {
        problems.append(
            ConfigurationProblem(source: source, line: mark.line, column: mark.column, key: "", message: message))
    }

    /// The text with the first letter of the key at `mark` replaced, or nil when there is no plain letter.
    private static func rename(_ mark: Mark, in text: String) -> String? {
        var scalars = Array(text.unicodeScalars)
        var index = 0
        for _ in 1..<max(mark.line, 1) {
            guard let next = scalars[index...].firstIndex(of: "\n") else { return nil }
            index = next + 1
        }
        index += mark.column - 1
        if scalars.indices.contains(index), scalars[index] == "\"" || scalars[index] == "'" { index += 1 }
        guard scalars.indices.contains(index) else { return nil }
        let letter = scalars[index]
        // A key that is given three times is renamed twice, into one private plane after the other.
        let plane: UInt32 = letter.value >= privatePlane ? 0x10000 : privatePlane
        guard letter.properties.isAlphabetic || letter.value >= privatePlane, letter.value < 0x100000,
            let moved = Unicode.Scalar(letter.value + plane)
        else { return nil }
        scalars[index] = moved
        var renamed = String.UnicodeScalarView()
        renamed.append(contentsOf: scalars)
        return String(renamed)
    }

    private static func remedy(_ problem: String) -> String {
        if problem.contains("alias") || problem.contains("anchor") {
            return "; a value that begins with * or & goes in quotes"
        }
        if problem.contains("flow sequence") || problem.contains("block mapping") {
            return "; indent with spaces, and put a value that begins with [ in quotes"
        }
        if problem.contains("token") { return "; indent with spaces, not tabs" }
        return ""
    }
}
