// The page adapters/REFERENCE.md, made from the tables that the reader itself uses.

import Capabilities

/// The reference of the language.
public enum LanguageReference {
    /// The page as Markdown.
    public static var text: String {
        var lines = [
            "# Adapter files: every key", "",
            "Made from the tables that `fairlead adapters check` uses; a test keeps this page equal to them. To learn the",
            "language, read [GUIDE.md](GUIDE.md). The capabilities are in [CAPABILITIES.md](CAPABILITIES.md).", "",
            "Sizes are `2048`, `64KiB`, `1MiB`; durations `200ms`, `5s`, `2m`, `1h`, `30d`; numbers can be hexadecimal, `0x80`.",
            "",
        ]
        for section in Language.sections { lines += Self.lines(section) }
        lines += [
            "## Outcomes", "", "What a message means, under `is` and `replies`.", "", "| outcome | meaning |",
            "|---|---|",
        ]
        lines += Outcome.allCases.map { "| `\($0.rawValue)` | \($0.help) |" }
        lines += [
            "", "## Filters", "", "Behind a | in templates, where they write, and in paths, where they read.", "",
        ]
        lines += ["| filter | what it does |", "|---|---|"]
        lines += Filter.help.map { "| \($0.0) | \($0.1) |" }
        lines += [
            "", "## Conditions", "",
            "`FIELD` holds when the field is there and is not false or the number zero; `not FIELD` when it does not;",
            "`==`, `!=`, `<`, `<=`, `>` and `>=` compare fields, inputs, numbers and 'texts'. `and` joins several.", "",
            "## Operations", "",
            "What `operations` can map. Inputs are names for templates; outputs are fields that the answer is made from.",
            "{each LIST}…{end} repeats what is between for every item of a request's list; in `json:`, a list whose item is",
            "`{ each LIST: … }` has as many items as the request.",
            "An operation that is not mapped is refused, and so is an option without its own form: a client that sets a value",
            "with an expiry needs `set` with {expiry} in it, or `set-with-expiry`. What a request is about has to be in what is",
            "sent, or in a condition, or the check says so; without {amount} one is added and without {delay} nothing is hidden,",
            "and any other number is refused by name.", "",
            "| operation | capability | inputs | outputs | meaning |", "|---|---|---|---|---|",
        ]
        for shape in OperationShape.all {
            let inputs = shape.inputs.map { $0.isList ? "`{each \($0.spelling)}`" : "`{\($0.spelling)}`" }
                .joined(separator: " ")
            let outputs = shape.outputs.map { "`\($0.spelling)`" }.joined(separator: " ")
            lines.append("| `\(shape.name)` | `\(shape.capability.name)` | \(inputs) | \(outputs) | \(shape.text) |")
        }
        lines += ["", "## What a file cannot map", "", "Write these in any language out of process, or in Swift.", ""]
        lines += CapabilityMapping.table
        return lines.joined(separator: "\n") + "\n"
    }

    private static func lines(_ section: LanguageSection) -> [String] {
        var lines = [
            "## \(section.name)", "", section.intro, "", "| key | takes | without it | what it is |",
            "|---|---|---|---|",
        ]
        for key in section.keys {
            let otherwise =
                key.isRequired ? "it has to be there" : key.otherwise.isEmpty ? "nothing" : "`\(key.otherwise)`"
            lines.append("| `\(key.name)` | \(escaped(key.takes)) | \(escaped(otherwise)) | \(escaped(key.text)) |")
        }
        return lines + [""]
    }

    /// A bar would end the cell.
    private static func escaped(_ text: String) -> String { text.replacing("|", with: "\\|") }
}
