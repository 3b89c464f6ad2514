// Calls: what functions ask for, what they give, and which of them are aggregates.

import Capabilities

extension SQLTyper {
    static let aggregates: Set<String> = [
        "count", "sum", "min", "max", "avg", "array_agg", "string_agg", "bool_and", "bool_or", "every", "json_agg",
        "jsonb_agg", "json_object_agg", "jsonb_object_agg", "stddev", "stddev_pop", "stddev_samp", "variance",
        "var_pop", "var_samp", "bit_and", "bit_or",
    ]

    mutating func call(_ start: Int, _ name: String) throws(SQLTypingEnd) -> SQLTyped {
        let close = try closing(at)
        at += 1
        var arguments: [SQLTyped] = []
        var order: [SQLTyped] = []
        var isStar = false
        let isDistinct = isWord("distinct")
        switch name {
        case "extract": arguments = try extract()
        case "position":
            arguments = [try expression(Level.range + 1)]
            try expect("in")
            arguments.append(try expression(Level.range + 1))
        case "substring", "trim", "overlay": arguments = try worded()
        default:
            if at < close, tokens[at].isOperator("*") {
                at += 1
                isStar = true
            } else if at < close {
                if !take("distinct") { _ = take("all") }
                if let row = try wholeRow(name) {
                    arguments = [row]
                    while takeMark(",") { arguments.append(try expression()) }
                } else {
                    arguments = try expressions()
                }
                if isWord("order") {
                    at += 1
                    try expect("by")
                    // How a function is found has nothing to do with its arguments' order.
                    order = try orderings()
                    if let key = order.first(where: { $0.type == .jsonb }) {
                        throw refused("ORDER BY of jsonb among arguments is not known here", key.words.lowerBound)
                    }
                }
            }
        }
        try expectMark(")")
        var found = SQLTyped(start...(at - 1))
        found.name = name == "trim" ? trimName(start) : name
        for argument in arguments + order { found.include(argument) }
        let own = found
        if isWord("within") { throw .unread }
        if take("filter") {
            try expectMark("(")
            try expect("where")
            let condition = try condition("FILTER")
            found.include(condition)
            try expectMark(")")
        }
        if take("over") {
            let frame = isMark("(") ? try window() : try windowNamed()
            found.include(frame)
            found.window = found.window ?? start
        } else if Self.aggregates.contains(name) {
            if let inner = own.aggregate {
                throw failure("42803", "aggregate function calls cannot be nested", inner)
            }
            let isOuter = !found.references.isEmpty && found.references.allSatisfy { $0.scope != scope.number }
            // Such an aggregate is computed by a query further out.
            if isOuter { groupsAreUntold = true }
            found.references.removeAll { $0.scope == scope.number }
            found.aggregate = start
        }
        if name == "count", arguments.isEmpty, !isStar, !readsCatalog {
            throw failure("42809", "count(*) must be used to call a parameterless aggregate function", start)
        }
        if !isStar { found.type = try result(name, &arguments, start) }
        if name == "pg_typeof", let value = arguments.first, value.open == nil, value.type != .unknown {
            typing.operands[value.words] = value.type
        }
        if isDistinct { try judgeDistinct(name, arguments) }
        if !isStar { try formNumber(of: &found, name, arguments, start) }
        try json(name, arguments, start)
        if isStar, name == "count" { found.type = .int64 }
        return found
    }

    private func trimName(_ start: Int) -> String {
        switch tokens[min(start + 2, end - 1)].text {
        case "leading": "ltrim"
        case "trailing": "rtrim"
        default: "btrim"
        }
    }

    // MARK: Arguments in words

    private mutating func extract() throws(SQLTypingEnd) -> [SQLTyped] {
        guard at < end, tokens[at].isName || tokens[at].isString else { throw .unread }
        at += 1
        try expect("from")
        return [try expression()]
    }

    /// Reads `substring(x FROM a FOR b)` and `trim(BOTH a FROM x)`.
    private mutating func worded() throws(SQLTypingEnd) -> [SQLTyped] {
        _ = take("both") || take("leading") || take("trailing")
        var found: [SQLTyped] = []
        if !isWord("from") { found.append(try expression()) }
        while take("from") || take("for") || takeMark(",") || take("placing") { found.append(try expression()) }
        return found
    }

    /// Reads `a DESC, b NULLS FIRST`.
    private mutating func orderings() throws(SQLTypingEnd) -> [SQLTyped] {
        var found: [SQLTyped] = []
        repeat {
            found.append(try expression())
            if !take("asc") { _ = take("desc") }
            if take("nulls"), !take("first") { try expect("last") }
        } while takeMark(",")
        return found
    }

    private mutating func windowNamed() throws(SQLTypingEnd) -> SQLTyped {
        _ = try name()
        return SQLTyped((at - 1)...(at - 1))
    }

    /// Reads `(PARTITION BY … ORDER BY … frame)`.
    mutating func window() throws(SQLTypingEnd) -> SQLTyped {
        let start = at
        let close = try closing(at)
        at += 1
        var found = SQLTyped(start...close)
        if at < close, tokens[at].isName, !isReserved(at), !isWord("partition"), !isFrame() { at += 1 }
        if take("partition") {
            try expect("by")
            for part in try expressions() {
                found.include(part)
                collate(part)
            }
        }
        if take("order") {
            try expect("by")
            for part in try orderings() {
                found.include(part)
                collate(part)
            }
        }
        guard at == close || isFrame() else { throw .unread }
        at = close + 1
        return found
    }

    private func isFrame() -> Bool { isWord("rows") || isWord("range") || isWord("groups") }

    // MARK: Results

    private mutating func result(
        _ name: String, _ arguments: inout [SQLTyped], _ start: Int
    ) throws(SQLTypingEnd) -> SQLType {
        switch name {
        case "coalesce", "greatest", "least":
            guard !arguments.isEmpty else { throw failure("42601", "syntax error at or near \")\"", at - 1) }
            let type = try unified(arguments, name.uppercased()).type
            // SQLite's takes two at least.
            if name == "coalesce", arguments.count == 1 {
                typing.replacements[arguments[0].words.upperBound + 1] = ", NULL)"
            }
            if name != "coalesce", type == .jsonb { throw refused("\(name) of jsonb is not known here", start) }
            return type
        case "nullif":
            // It is grammar, and no function of any name.
            guard arguments.count == 2 else {
                let mark = arguments.count > 2 ? arguments[2].words.lowerBound - 1 : at - 1
                throw failure("42601", "syntax error at or near \"\(tokens[mark].text)\"", mark)
            }
            var other = arguments[1]
            try compare(&arguments[0], start, &other, shown: "=")
            arguments[1] = other
            return arguments[0].type
        default: break
        }
        guard arguments.allSatisfy({ $0.row.isEmpty }) else { return .unknown }
        try check(name, arguments, start)
        if name == "substring", arguments.count > 1, arguments[1].open != nil,
            arguments.count == 2 || arguments[2].open != nil,
            !rewrite.isWord(arguments[1].words.lowerBound - 1, "for")
        {
            // Of functions that take a text and one that takes numbers PostgreSQL chooses those.
            for place in arguments.indices { try resolve(&arguments[place], as: .text) }
        }
        if let asked = SQLFunctionArguments.types[name] {
            for place in arguments.indices {
                try resolve(&arguments[place], as: place < asked.count ? asked[place] : asked.last ?? .unknown)
            }
        }
        // A function of any type leaves a parameter without one; of all others nothing is known here.
        if name != "count", name != "concat", name != "concat_ws", name != "format" {
            for argument in arguments { doubt(argument) }
        }
        guard let first = arguments.first else { return SQLFunctionNames.results[name] ?? .unknown }
        return SQLFunctionArguments.result(name, arguments.map(\.type), first.type)
    }

    /// PostgreSQL has no such function for these types.
    private func check(_ name: String, _ arguments: [SQLTyped], _ start: Int) throws(SQLTypingEnd) {
        guard !readsCatalog else { return }
        var isMissing = false
        if let families = SQLFunctionArguments.families[name] {
            for (place, argument) in arguments.enumerated() where argument.open == nil {
                guard let family = argument.type.family,
                    let wanted = place < families.count ? families[place] : families.last
                else { continue }
                if let wanted, family != wanted { isMissing = true }
            }
        }
        if name == "array_append" || name == "array_prepend" || name == "array_remove" {
            try checkItems(name, arguments, start)
        }
        if SQLFunctionArguments.exact.contains(name), let asked = SQLFunctionArguments.types[name] {
            for (place, argument) in arguments.enumerated() where argument.type != .unknown {
                if place >= asked.count || argument.open == nil && argument.type != asked[place] { isMissing = true }
            }
        }
        if name == "to_hex", arguments.count == 1 {
            let type = arguments[0].type
            if arguments[0].open != nil || type == .int16 {
                throw failure(
                    "42725",
                    "function to_hex(\(arguments[0].open != nil ? "unknown" : type.displayName)) is not unique",
                    start,
                    hint: "Could not choose a best candidate function. You might need to add explicit type casts.")
            }
            if ![.unknown, .int32, .int64, .oid].contains(type) { isMissing = true }
        }
        if name == "min" || name == "max" {
            // SQLite has functions of several values under these names.
            if arguments.count != 1 || [.boolean, .json, .jsonb, .uuid].contains(arguments[0].type) {
                isMissing = true
            }
        }
        guard isMissing else { return }
        let types = arguments.map { $0.open != nil || $0.type == .unknown ? "unknown" : $0.type.displayName }
        throw failure(
            "42883", "function \(name)(\(types.joined(separator: ", "))) does not exist", start,
            hint: "No function matches the given name and argument types. You might need to add explicit type casts.")
    }

    /// An array and an item of its type; only of items whose texts are equal where they are.
    private func checkItems(_ name: String, _ arguments: [SQLTyped], _ start: Int) throws(SQLTypingEnd) {
        guard arguments.count == 2 else { throw refused("\(name) with that many arguments is not known here", start) }
        let (array, item) = name == "array_prepend" ? (arguments[1], arguments[0]) : (arguments[0], arguments[1])
        guard let type = array.type.item, item.open == .null || item.type == type,
            ![.boolean, .numeric, .float32, .float64].contains(type)
        else { throw refused("\(name) of these types is not known here; cast both to one type", start) }
    }
}
