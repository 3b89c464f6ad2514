// What a client says: the messages of the protocol, written down in suites.

import Digest

/// Makes the bytes of a client's messages (PostgreSQL documentation, "Message Formats").
enum PostgresRequest {
    /// Messages that are a name and nothing else.
    private static let bare: [String: UInt8] = [
        "Sync": UInt8(ascii: "S"), "Flush": UInt8(ascii: "H"), "Terminate": UInt8(ascii: "X"),
        "CopyDone": UInt8(ascii: "c"),
    ]
    private static let encryption: [String: Int64] = ["SSLRequest": 80_877_103, "GSSENCRequest": 80_877_104]
    private static let cancel: Int64 = 80_877_102
    static let names = [
        "Startup", "SSLRequest", "GSSENCRequest", "CancelRequest", "Query", "Parse", "Bind", "Describe", "Close",
        "Execute",
        "Sync", "Flush", "Terminate", "CopyData", "CopyDone", "CopyFail", "FunctionCall", "PasswordMessage",
        "SASLInitialResponse", "SASLResponse", "message", "bytes",
    ]

    /// One message: `Sync`, or `{Query: SELECT 1}`.
    static func bytes(_ tree: Tree) throws(SuiteProblem) -> [UInt8] {
        if tree.tag == nil, let name = tree.text {
            if let type = bare[name] { return message(type, []) }
            if let code = encryption[name] {
                var writer = PostgresWriter()
                writer.int32(code)
                return untyped(writer.bytes)
            }
        }
        guard let entries = tree.entries, entries.count == 1 else {
            throw SuiteProblem(
                tree, "a message is one of \(names.joined(separator: ", ")), as {NAME: …} or as a bare name")
        }
        let (name, content) = (entries[0].key, entries[0].value)
        switch name {
        case "bytes": return try Payload.bytes(content)
        case "message": return try any(content)
        case "Startup": return try startup(content)
        case "CancelRequest": return try cancelRequest(content)
        case "Query": return message(UInt8(ascii: "Q"), try Payload.bytes(content) + [0])
        case "CopyData": return message(UInt8(ascii: "d"), try Payload.bytes(content))
        case "CopyFail": return message(UInt8(ascii: "f"), try Payload.bytes(content) + [0])
        case "PasswordMessage": return message(UInt8(ascii: "p"), try Payload.bytes(content) + [0])
        case "SASLResponse": return message(UInt8(ascii: "p"), try Payload.bytes(content))
        default: return try fields(name, content)
        }
    }

    /// Messages one after another; a single one needs no list.
    static func all(_ tree: Tree) throws(SuiteProblem) -> [UInt8] {
        var joined: [UInt8] = []
        for element in tree.list ?? [tree] { joined += try bytes(element) }
        return joined
    }

    static func message(_ type: UInt8, _ body: [UInt8]) -> [UInt8] { [type] + untyped(body) }

    /// A message without a type: its length and its body.
    static func untyped(_ body: [UInt8]) -> [UInt8] {
        var writer = PostgresWriter()
        writer.int32(Int64(body.count + 4))
        writer.add(body)
        return writer.bytes
    }

    /// A StartupMessage of protocol 3.0 or the version that is said.
    static func startup(version: (Int64, Int64) = (3, 0), _ words: [(name: String, value: [UInt8])]) -> [UInt8] {
        var writer = PostgresWriter()
        writer.int32(version.0 << 16 | version.1)
        for word in words {
            writer.text(Array(word.name.utf8))
            writer.text(word.value)
        }
        writer.add([0])
        return untyped(writer.bytes)
    }

    // MARK: Messages with fields

    private static func fields(_ name: String, _ tree: Tree) throws(SuiteProblem) -> [UInt8] {
        var keys = try KeyedTree(tree, name)
        var writer = PostgresWriter()
        let type: UInt8
        switch name {
        case "Parse":
            type = UInt8(ascii: "P")
            writer.text(try payload(keys.take("name")))
            writer.text(try payload(keys.take("query")))
            try numbers(keys.take("types"), &writer) { $0.int32($1) }
        case "Bind":
            type = UInt8(ascii: "B")
            writer.text(try payload(keys.take("portal")))
            writer.text(try payload(keys.take("statement")))
            try numbers(keys.take("formats"), &writer) { $0.int16($1) }
            try values(keys.take("values"), &writer)
            try numbers(keys.take("results"), &writer) { $0.int16($1) }
        case "Describe", "Close":
            type = name == "Close" ? UInt8(ascii: "C") : UInt8(ascii: "D")
            if let statement = keys.take("statement") {
                writer.add([UInt8(ascii: "S")])
                writer.text(try Payload.bytes(statement))
            } else {
                writer.add([UInt8(ascii: "P")])
                writer.text(try payload(keys.take("portal")))
            }
        case "Execute":
            type = UInt8(ascii: "E")
            writer.text(try payload(keys.take("portal")))
            writer.int32(try keys.integer("rows") ?? 0)
        case "FunctionCall":
            type = UInt8(ascii: "F")
            writer.int32(try keys.integer("oid") ?? 0)
            try numbers(keys.take("formats"), &writer) { $0.int16($1) }
            try values(keys.take("values"), &writer)
            writer.int16(try keys.integer("result") ?? 0)
        case "SASLInitialResponse":
            type = UInt8(ascii: "p")
            writer.text(try payload(keys.take("mechanism")))
            let data = keys.take("data")
            writer.value(data?.isNull ?? true ? nil : try payload(data))
        default:
            throw SuiteProblem(tree, "there is no message \(name); known: \(names.joined(separator: ", "))")
        }
        try keys.finish()
        return message(type, writer.bytes)
    }

    private static func payload(_ tree: Tree?) throws(SuiteProblem) -> [UInt8] {
        guard let tree else { return [] }
        return try Payload.bytes(tree)
    }

    private static func numbers(
        _ tree: Tree?, _ writer: inout PostgresWriter, _ write: (inout PostgresWriter, Int64) -> Void
    ) throws(SuiteProblem) {
        let list = tree?.list ?? []
        writer.int16(Int64(list.count))
        for element in list {
            guard let number = element.integer else { throw SuiteProblem(element, "a whole number is expected here") }
            write(&writer, number)
        }
    }

    private static func values(_ tree: Tree?, _ writer: inout PostgresWriter) throws(SuiteProblem) {
        let list = tree?.list ?? []
        writer.int16(Int64(list.count))
        for element in list { writer.value(element.isNull ? nil : try Payload.bytes(element)) }
    }

    /// A message of any type, with a length that need not be its own.
    private static func any(_ tree: Tree) throws(SuiteProblem) -> [UInt8] {
        var keys = try KeyedTree(tree, "message")
        var writer = PostgresWriter()
        if let type = keys.take("type") { writer.add(try Payload.bytes(type)) }
        let body = try payload(keys.take("body"))
        writer.int32(try keys.integer("length") ?? Int64(body.count + 4))
        writer.add(body)
        try keys.finish()
        return writer.bytes
    }

    // MARK: First messages

    private static func startup(_ tree: Tree) throws(SuiteProblem) -> [UInt8] {
        guard let entries = tree.entries else { throw SuiteProblem(tree, "Startup takes parameters: {user: NAME}") }
        var version: (Int64, Int64) = (3, 0)
        var words: [(name: String, value: [UInt8])] = []
        for entry in entries {
            if entry.key == "version" {
                version = try Self.version(entry.value)
            } else {
                words.append((entry.key, try Payload.bytes(entry.value)))
            }
        }
        return startup(version: version, words)
    }

    static func version(_ tree: Tree) throws(SuiteProblem) -> (Int64, Int64) {
        let parts = (tree.text ?? "").split(separator: ".").compactMap { Int64($0) }
        guard parts.count == 2, parts.allSatisfy({ (0...0xFFFF).contains($0) }) else {
            throw SuiteProblem(tree, "version takes a number such as 3.0")
        }
        return (parts[0], parts[1])
    }

    private static func cancelRequest(_ tree: Tree) throws(SuiteProblem) -> [UInt8] {
        var keys = try KeyedTree(tree, "CancelRequest")
        var writer = PostgresWriter()
        writer.int32(cancel)
        writer.int32(try keys.integer("pid") ?? 0)
        let key = try keys.requiredText("key")
        guard let bytes = bytesOfHexadecimal(key.utf8) else {
            throw SuiteProblem(tree, "key takes pairs of hexadecimal digits")
        }
        writer.add(bytes)
        try keys.finish()
        return untyped(writer.bytes)
    }
}
