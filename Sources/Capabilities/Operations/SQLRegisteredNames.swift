// Numbers of the catalogue that are read and shown as names: `regtype`, `regproc` and `regprocedure`.

extension SQLType {
    /// How a value of such a type is shown; nil for every other type, and for `regclass`, whose names only a database knows.
    ///
    /// Zero is nothing, and what has no name stays a number (regproc.c).
    package func registeredName(_ number: Int64) -> String? {
        switch self {
        case .regproc, .regprocedure:
            guard let function = SQLRegisteredFunction.numbered(number) else { break }
            return self == .regproc ? function.name : function.signature
        case .regtype:
            guard let type = UInt32(exactly: number).flatMap(SQLType.init(rawValue:)) else { break }
            return type.displayName
        default: return nil
        }
        return number == 0 ? "-" : String(number)
    }

    /// The number that a text of such a type means.
    func registered(_ text: [UInt8]) throws(SQLFailure) -> Int64 {
        let name = String(decoding: text, as: UTF8.self)
        if name == "-" { return 0 }
        if let number = UInt32(name) { return Int64(number) }
        guard self != .regtype else {
            guard let type = SQLType.named(name) else {
                throw SQLFailure("42704", "type \"\(name)\" does not exist")
            }
            return Int64(type.rawValue)
        }
        var bare = name[...]
        if bare.hasPrefix("pg_catalog.") { bare = bare.dropFirst(11) }
        // A signature tells nothing more: no two of these functions have one name.
        let word = bare.prefix { $0 != "(" }
        guard let function = SQLRegisteredFunction.named(String(word)),
            word == bare || function.signature == bare.filter({ $0 != " " })
        else { throw .refused(.sqlQuery, "the number of the function \(word) is not known here") }
        return function.number
    }

    /// Names that people give types beside those of the catalogue.
    private static let otherNames: [String: SQLType] = [
        "int": .int32, "decimal": .numeric, "dec": .numeric, "float": .float64, "char": .fixedText,
        "timestamp": .timestamp, "time": .time, "\"char\"": .character,
    ]
    private static let allNames = Dictionary(
        allCases.filter { $0 != .unknown && $0 != .character }.flatMap { [($0.catalogName, $0), ($0.displayName, $0)] }
    ) { first, _ in first }

    /// The type of a name as SQL writes it: with its schema, with a modifier, which says nothing here, and for an array
    /// with brackets.
    package static func named(_ name: String) -> SQLType? {
        var words = name.lowercased().split { $0 == " " || $0 == "\n" || $0 == "\t" }.joined(separator: " ")[...]
        if words.hasPrefix("pg_catalog.") { words = words.dropFirst(11) }
        var isArray = false
        if words.hasSuffix("]"), let open = words.lastIndex(of: "[") {
            guard words[open...].dropFirst().dropLast().allSatisfy(\.isNumber) else { return nil }
            words = words[..<open]
            isArray = true
        }
        if let open = words.firstIndex(of: "("), let close = words.lastIndex(of: ")"), open < close {
            words = "\(words[..<open])\(words[words.index(after: close)...])"[...]
        }
        while words.last == " " { words.removeLast() }
        while words.first == " " { words.removeFirst() }
        guard let type = otherNames[String(words)] ?? allNames[String(words)] else { return nil }
        return isArray ? type.array : type
    }
}
