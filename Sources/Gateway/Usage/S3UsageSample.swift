// An S3 request as an example: its operation, query and header fields by name, with sizes in the place of all else.

import S3Wire
import Wire

/// Composes the example of one request.
struct S3UsageSample {
    private let words: S3UsageTable
    private(set) var text: String

    init(_ command: S3Command, path: Int, _ words: S3UsageTable) {
        self.words = words
        text = "\(command.name) <path, \(path) bytes>"
    }

    /// A parameter of the query; `feature` says which, and is nil for one that is in no table.
    mutating func parameter(_ feature: Int?, name: Int, value: Int) {
        let shown = feature.map(word) ?? "<name, \(name) bytes>"
        add(value > 0 ? " ?\(shown)=<\(value) bytes>" : " ?\(shown)")
    }

    /// A header field of the tables.
    mutating func field(_ feature: Int, value: Int) { add(" \(word(feature)): <\(value) bytes>") }

    private mutating func add(_ part: String) {
        if text.utf8.count + part.utf8.count <= UsageSamples.length { text += part }
    }

    /// `range` of `s3.header.range`.
    private func word(_ feature: Int) -> String {
        let name = words.table.features[feature]
        return name.split(separator: ".", maxSplits: 2).last.map(String.init) ?? name
    }
}
