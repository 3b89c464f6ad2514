// Names and literals as quote_ident and quote_literal write them (ruleutils.c, quote_identifier; quote.c).

/// Texts of SQL that stand for a name or a string.
enum SQLQuotedText {
    /// A name, in quotes where it would not be read as itself without them.
    static func identifier(_ name: [UInt8]) -> [UInt8] {
        func isPlain(_ byte: UInt8) -> Bool { byte &- 0x61 < 26 || byte == 0x5F }
        if let first = name.first, isPlain(first), name.allSatisfy({ isPlain($0) || $0 &- 0x30 < 10 }),
            !keyWords.contains(String(decoding: name, as: UTF8.self))
        {
            return name
        }
        return quoted(name, UInt8(ascii: "\""))
    }

    /// A string; one with backslashes is told to be of the kind in which they are doubled.
    static func literal(_ text: [UInt8]) -> [UInt8] {
        let backslash = UInt8(ascii: "\\")
        let literal = quoted(text, UInt8(ascii: "'"))
        guard text.contains(backslash) else { return literal }
        var doubled = [UInt8(ascii: "E")]
        for byte in literal {
            if byte == backslash { doubled.append(byte) }
            doubled.append(byte)
        }
        return doubled
    }

    private static func quoted(_ text: [UInt8], _ mark: UInt8) -> [UInt8] {
        var quoted = [mark]
        for byte in text {
            if byte == mark { quoted.append(mark) }
            quoted.append(byte)
        }
        return quoted + [mark]
    }

    /// Those that cannot be every name (kwlist.h of PostgreSQL 15, all that are not unreserved).
    private static let keyWords: Set<String> = Set(
        """
        all analyse analyze and any array as asc asymmetric authorization between bigint binary bit boolean both \
        case cast char character check coalesce collate collation column concurrently constraint create cross \
        current_catalog current_date current_role current_schema current_time current_timestamp current_user dec \
        decimal default deferrable desc distinct do else end except exists extract false fetch float for foreign \
        freeze from full grant greatest group grouping having ilike in initially inner inout int integer \
        intersect interval into is isnull join lateral leading least left like limit localtime localtimestamp \
        national natural nchar none normalize not notnull null nullif numeric offset on only or order out outer \
        overlaps overlay placing position precision primary real references returning right row select \
        session_user setof similar smallint some substring symmetric table tablesample then time timestamp to \
        trailing treat trim true union unique user using values varchar variadic verbose when where window with \
        xmlattributes xmlconcat xmlelement xmlexists xmlforest xmlnamespaces xmlparse xmlpi xmlroot xmlserialize \
        xmltable
        """.split { $0 == " " || $0 == "\n" }.map(String.init))
}
