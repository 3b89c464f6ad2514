// One look at a SQL text: the words outside of literals, names in quotes and comments, as features of tables.

import Wire

/// Finds keywords, functions, types and operators by tables; a word that is in none of them leaves nothing behind.
struct PostgresUsageLook {
    /// Bytes of a text that are looked at.
    static let most = 16 * 1024

    let words: PostgresUsageTable
    /// The first word of the statement; zero before it.
    var statement: UInt64 = 0
    /// The word before.
    var previous: UInt64 = 0
    /// What stands behind that word: zero for nothing but qualifiers, a colon for a cast.
    var mark: UInt8 = 0
    /// Whether the words until here are CREATE, ALTER or DROP, and none yet that says of what.
    var isDefining = false
    /// Whether the value of the setting TimeZone comes next.
    var isBeforeTimeZone = false
    /// Whether the word that comes has a qualifier, so that it is a name.
    var isQualified = false

    init(_ words: PostgresUsageTable) { self.words = words }

    mutating func run(_ text: Range<Int>, in bytes: Bytes, _ note: (Int) -> Void) {
        let end = text.prefix(Self.most).upperBound
        var place = text.lowerBound
        while place < end {
            let byte = bytes[place]
            let next = place + 1 < end ? bytes[place + 1] : 0
            switch byte {
            case _ where Self.isSpace(byte): place += 1
            case UInt8(ascii: "-") where next == byte:
                place = (bytes.firstIndex(of: .lineFeed, from: place) ?? end) + 1
            case UInt8(ascii: "/") where next == UInt8(ascii: "*"): place = Self.comment(place, end, in: bytes)
            case _ where Self.isLetter(byte): place = word(place, end, in: bytes, note)
            case UInt8(ascii: "'"):
                place = literal(place, Self.quoted(byte, place, end, in: bytes, escapes: false), in: bytes, note)
            case UInt8(ascii: "\""): place = name(place, end, in: bytes, note)
            case UInt8(ascii: "$"): place = dollar(place, end, in: bytes, note)
            case UInt8(ascii: ":") where next == byte:
                place += 2
                leave(byte)
            case _ where byte.isASCIIDigit: place = number(place, end, in: bytes, note)
            case _ where Self.isOperator(byte): place = operation(place, end, in: bytes, note)
            case UInt8(ascii: "["):
                note(words[next == UInt8(ascii: "]") || definesTypes ? .typeArray : .array])
                place += 1
                leave(byte)
            case UInt8(ascii: ";"):
                place += 1
                self = PostgresUsageLook(words)
            default:
                place += 1
                leave(byte == UInt8(ascii: ":") ? 1 : byte)
            }
        }
    }

    /// Something other than a word has passed.
    mutating func leave(_ byte: UInt8) {
        mark = byte
        isDefining = false
        isQualified = false
    }

    /// Whether types may stand anywhere.
    var definesTypes: Bool { statement != words.dropWord && words.defining.contains(statement) }

    /// Whether a name is expected here that may be followed by a parenthesis and is no function.
    var isName: Bool {
        if mark == UInt8(ascii: ")") { return true }
        guard mark == 0 else { return false }
        return words.precedesNames.contains(previous)
            || words.defining.contains(statement) && words.precedesNamesOfDefinitions.contains(previous)
    }

    /// Whether the name of a setting is expected here.
    private var isSetting: Bool {
        statement == words.setWord && mark == 0 && words.beforeSettings.contains(previous)
    }

    // MARK: Words

    private mutating func word(_ start: Int, _ end: Int, in bytes: Bytes, _ note: (Int) -> Void) -> Int {
        var place = start
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        while place < end, Self.isPart(bytes[place]) {
            hash = (hash ^ UInt64(bytes[place].asciiLowercased)) &* 0x0000_0100_0000_01B3
            place += 1
        }
        let byte = place < end ? bytes[place] : 0
        // E'…', where a backslash keeps a quote; B'101' and X'1F' are strings of bits.
        if byte == UInt8(ascii: "'"), place - start == 1 {
            let letter = bytes[start].asciiLowercased
            if letter == UInt8(ascii: "b") || letter == UInt8(ascii: "x") { note(words[.otherForm]) }
            let isEscaped = letter == UInt8(ascii: "e")
            return literal(place, Self.quoted(byte, place, end, in: bytes, escapes: isEscaped), in: bytes, note)
        }
        // A qualifier leaves all as it is before what it qualifies.
        if byte == UInt8(ascii: "."), statement != 0 {
            isQualified = true
            return place + 1
        }
        var following = place
        while following < end, Self.isSpace(bytes[following]) { following += 1 }
        let isFirst = statement == 0
        if isFirst { statement = hash }
        if isBeforeTimeZone, hash != words.zoneWord, hash != words.toWord {
            zone(start..<place, in: bytes, note)
        } else {
            operand(hash, before: following < end ? bytes[following] : 0, isFirst: isFirst, note)
        }
        meet(hash, isFirst: isFirst, note)
        return place
    }

    /// Notes what `hash` is as a type or as a function; `following` is the byte behind it.
    private func operand(_ hash: UInt64, before following: UInt8, isFirst: Bool, _ note: (Int) -> Void) {
        let isCall = following == UInt8(ascii: "(")
        let type = words.types[hash]
        // Behind a parenthesis and a comma a column's name stands before its type.
        let isColumnType = definesTypes && mark == 0
        if mark == UInt8(ascii: ":") || previous == words.asWord && mark == 0 && type != nil {
            note(type ?? words[.unknownType])
        } else if let type, !isName, isColumnType || isCall || following == UInt8(ascii: "'") {
            note(type)
        } else if isCall, !isName {
            if let function = words.functions[hash] {
                note(function)
            } else if !isFirst, isQualified || !words.isKeyword(hash) {
                note(words[.unknownFunction])
            }
        }
    }

    /// Notes what `hash` is as a keyword, and goes on behind it.
    private mutating func meet(_ hash: UInt64, isFirst: Bool, _ note: (Int) -> Void) {
        let isZone = isBeforeTimeZone && (hash == words.zoneWord || hash == words.toWord)
        isBeforeTimeZone = isZone
        if isFirst {
            isDefining = words.defining.contains(hash)
        } else if isDefining, let feature = words.definitions[hash] {
            note(feature)
            isDefining = false
        } else if isSetting {
            if let feature = words.settings[hash] { note(feature) }
            isBeforeTimeZone = hash == words.timeWord || hash == words.timeZoneWord
        } else {
            if !words.beforeDefinitions.contains(hash) { isDefining = false }
            if !isDefining, !isQualified, mark != UInt8(ascii: ":"), !isZone { keyword(hash, note) }
        }
        previous = hash
        mark = 0
        isQualified = false
    }

    private func keyword(_ hash: UInt64, _ note: (Int) -> Void) {
        if mark == 0, let feature = words.pairs[Self.join(previous, hash)] {
            guard feature >= 0 else { return }
            note(feature)
        }
        if let feature = words.within[Self.join(statement, hash)] {
            if feature >= 0 { note(feature) }
        } else if let feature = words.keywords[hash] {
            note(feature)
        } else if words.others.contains(hash) {
            note(words[.otherForm])
        }
        if previous == words.forWord, let feature = words.locks[hash] { note(feature) }
    }
}
