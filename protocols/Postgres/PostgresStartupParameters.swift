// The parameters of a startup packet, one by one, for a gateway that is the server itself.

import Wire

/// The names and values of a StartupMessage, but for user, database and replication.
package struct PostgresStartupParameters: Sendable, Equatable {
    /// Settings in the order in which they came.
    package private(set) var settings: [(name: String, value: String)] = []
    /// Names of protocol options, `_pq_.…`.
    package private(set) var protocolOptions: [[UInt8]] = []

    /// Reads a packet of `length` bytes that ``PostgresStartupParser`` has accepted.
    package init(_ packet: [UInt8], _ length: Int) {
        var rest = packet.prefix(length).dropFirst(8)
        while let nameEnd = rest.firstIndex(of: 0), nameEnd > rest.startIndex {
            let name = rest[..<nameEnd]
            rest = rest[(nameEnd + 1)...]
            guard let valueEnd = rest.firstIndex(of: 0) else { return }
            let value = rest[..<valueEnd]
            rest = rest[(valueEnd + 1)...]
            let text = String(decoding: name, as: UTF8.self)
            if text.hasPrefix("_pq_.") {
                protocolOptions.append(Array(name))
            } else if text == "options" {
                addOptions(value)
            } else if !["user", "database", "replication"].contains(text) {
                settings.append((text, String(decoding: value, as: UTF8.self)))
            }
        }
    }

    /// Reads `-c name=value` and `--name=value`; a backslash keeps a space (postgres.c `pg_split_opts`).
    private mutating func addOptions(_ value: ArraySlice<UInt8>) {
        var words: [[UInt8]] = [[]]
        var isEscaped = false
        for byte in value {
            if isEscaped {
                words[words.count - 1].append(byte)
                isEscaped = false
            } else if byte == UInt8(ascii: "\\") {
                isEscaped = true
            } else if byte == 0x20 || byte &- 9 < 5 {
                if words.last?.isEmpty == false { words.append([]) }
            } else {
                words[words.count - 1].append(byte)
            }
        }
        var takesNext = false
        for word in words where !word.isEmpty {
            let text = String(decoding: word, as: UTF8.self)
            var assignment: Substring?
            if takesNext { assignment = text[...] }
            takesNext = false
            if text == "-c" {
                takesNext = true
            } else if text.hasPrefix("-c") || text.hasPrefix("--") {
                assignment = text.dropFirst(2)
            }
            guard let parts = assignment?.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false),
                parts.count == 2
            else { continue }
            let name = String(parts[0].map { $0 == "-" ? "_" : $0 })
            settings.append((name, String(parts[1])))
        }
    }

    package static func == (left: PostgresStartupParameters, right: PostgresStartupParameters) -> Bool {
        left.protocolOptions == right.protocolOptions && left.settings.map(\.name) == right.settings.map(\.name)
            && left.settings.map(\.value) == right.settings.map(\.value)
    }
}
