// Names that users pick, and words picked from a few.

import Capabilities

/// Rules for names and for choices that the file and the command line share.
enum ConfigurationNames {
    static let rule = "expected a name of 1 to 63 letters, digits, \".\", \"_\" or \"-\" (it becomes a metric label)"

    static func isValid(_ name: String) -> Bool {
        (1...63).contains(name.utf8.count)
            && name.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "._-".contains($0)) }
    }

    /// The value whose raw value is `text`; otherwise an error that lists the choices.
    static func choice<Value: RawRepresentable<String> & CaseIterable>(_ text: String) throws(ValueError) -> Value {
        if let value = Value(rawValue: text) { return value }
        let words = Value.allCases.map(\.rawValue)
        throw ValueError(
            "expected one of \(words.joined(separator: ", ")), got \"\(text)\"\(NearestWord.clause(for: text, among: words))"
        )
    }
}
