// Lists of names in a setting, such as search_path.

/// Names with commas between them, as PostgreSQL reads and writes them (varlena.c, SplitIdentifierString).
public enum SQLIdentifierList {
    /// The names, folded to small letters unless they are in quotes; nil when the text is no such list.
    public static func names(_ text: String) -> [String]? {
        var names: [String] = []
        var rest = Substring(text).drop { $0.isWhitespace }
        while !rest.isEmpty {
            if rest.first == "\"" {
                guard let name = quotedName(&rest) else { return nil }
                names.append(name)
            } else {
                let word = rest.prefix { $0 != "," && !$0.isWhitespace }
                guard !word.isEmpty else { return nil }
                names.append(word.lowercased())
                rest = rest[word.endIndex...]
            }
            rest = rest.drop { $0.isWhitespace }
            guard !rest.isEmpty else { break }
            guard rest.first == "," else { return nil }
            rest = rest.dropFirst().drop { $0.isWhitespace }
            guard !rest.isEmpty else { return nil }
        }
        return names
    }

    private static func quotedName(_ rest: inout Substring) -> String? {
        var name = ""
        rest = rest.dropFirst()
        while true {
            guard let end = rest.firstIndex(of: "\"") else { return nil }
            name += rest[..<end]
            rest = rest[rest.index(after: end)...]
            // Two quotes stand for one.
            guard rest.first == "\"" else { return name }
            name += "\""
            rest = rest.dropFirst()
        }
    }

    /// A name as it stands in such a list: in quotes where it would not be read as it is.
    public static func quoted(_ name: String) -> String {
        let isPlain =
            !name.isEmpty && name.utf8.allSatisfy { $0 &- 0x61 < 26 || $0 == 0x5F || $0 &- 0x30 < 10 }
            && !(name.utf8.first.map { $0 &- 0x30 < 10 } ?? true)
        return isPlain ? name : SQLQuoting.name(name)
    }
}
