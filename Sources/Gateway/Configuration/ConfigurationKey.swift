// What a configuration key is: its path, type, default and meaning, as data.

/// One key of the configuration file.
///
/// The decoder takes the names it allows, the choices, the ranges and the required keys from these values, and the printed
/// table is made from them, so the documentation cannot say something else than the program does.
package struct ConfigurationKey: Sendable, Equatable {
    /// What may stand as a key's value.
    package enum Kind: Sendable, Equatable {
        case wholeNumber(ClosedRange<Int>)
        case boolean
        /// A whole number with a unit; `mayBeOff` allows the word `off`.
        case duration(mayBeOff: Bool)
        /// Bytes with a unit.
        case size
        case endpoint
        /// One endpoint, or a list of them.
        case endpoints
        case url
        /// A path; a relative one begins at the configuration file's folder.
        case file
        case text
        /// The name of a backend.
        case backendName
        case choice([String])
        /// A mapping of names that the user picks to texts.
        case texts
        /// A text, or a list of them.
        case words
        /// A part of a whole, with a percent sign.
        case percentage
        /// A mapping with the keys below this one.
        case section
        /// A text, or a mapping with the keys below this one.
        case textOrSection
        /// A mapping whose keys are names that the user picks.
        case namedSections
        /// A list of mappings with the keys below this one.
        case sections
    }

    /// What holds when the key is missing.
    package enum Default: Sendable, Equatable {
        case required
        /// This value, in the spelling of the file.
        case value(String)
        /// Something that is no value, told in words.
        case described(String)
    }

    /// The dotted path; `NAME` stands for a name that the user picks.
    package let path: String
    package let kind: Kind
    package let `default`: Default
    /// One or two sentences for the printed table.
    package let meaning: String

    init(_ path: String, _ kind: Kind, default: Default, _ meaning: String) {
        self.path = path
        self.kind = kind
        self.default = `default`
        self.meaning = meaning
    }

    /// The last part of the path: what stands in the file.
    package var name: String { String(path.split(separator: ".").last ?? "") }

    /// The path without its last part; empty for a key at the top.
    package var parent: String { path.split(separator: ".").dropLast().joined(separator: ".") }

    /// The keys that are allowed directly below `parent`.
    static func children(of parent: String) -> [ConfigurationKey] {
        all.filter { $0.parent == parent }
    }
}

extension ConfigurationKey.Kind: CustomStringConvertible {
    /// The type as the printed table names it.
    package var description: String {
        switch self {
        case .wholeNumber(let range): "whole number, \(range.lowerBound) to \(range.upperBound)"
        case .boolean: "`true` or `false`"
        case .duration(let mayBeOff):
            mayBeOff ? "duration (`200ms`, `5s`, `2m`, `1h`) or `off`" : "duration (`200ms`, `5s`, `2m`, `1h`)"
        case .size: "size (`64KiB`, `1MiB`)"
        case .endpoint: "address"
        case .endpoints: "address, or a list of them"
        case .url: "URL"
        case .file: "path of a PEM file"
        case .text: "text"
        case .backendName: "name of a backend"
        case .choice(let words): words.map { "`\($0)`" }.joined(separator: ", ")
        case .texts: "mapping of names to texts"
        case .words: "text, or a list of them"
        case .percentage: "percentage, `0.01%` to `100%`"
        case .section: "mapping"
        case .textOrSection: "text, or a mapping"
        case .namedSections: "mapping of names"
        case .sections: "list of mappings"
        }
    }
}

extension ConfigurationKey {
    /// Every key as a Markdown table, in the order of the file.
    package static func markdownTable() -> String {
        var lines = ["| key | value | default | meaning |", "|---|---|---|---|"]
        for key in all {
            let standard =
                switch key.default {
                case .required: "required"
                case .value(let value): "`\(value)`"
                case .described(let words): words
                }
            lines.append("| `\(key.path)` | \(key.kind) | \(standard) | \(key.meaning) |")
        }
        return lines.joined(separator: "\n")
    }
}
