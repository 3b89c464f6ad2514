// What a step of the libpq client may ask for, read from its tree.

import Capabilities

/// One request of the extended or the simple protocol.
struct LibpqStatement {
    enum Kind {
        /// A simple query, which may hold several statements.
        case simple([UInt8])
        /// A statement with parameters, unnamed.
        case parameters([UInt8])
        case prepare(name: [UInt8], [UInt8])
        case execute(name: [UInt8])
        case describe(name: [UInt8])
        case describePortal(name: [UInt8])
    }

    var kind: Kind
    var types: [UInt32] = []
    var values: [[UInt8]?] = []
    /// 0 for text and 1 for binary, one for each value.
    var formats: [Int32] = []
    var resultFormat: Int32 = 0
    /// Whether each row is an answer of its own.
    var isRowByRow = false

    /// The keys that make a request, and those that may stand beside them.
    static let keys: Set<String> = ["query", "prepare", "execute", "describe", "describe-portal"]
    static let options: Set<String> = ["params", "types", "formats", "results", "rows"]

    init(_ tree: Tree) throws(SuiteProblem) {
        if let text = tree["query"] {
            let bytes = try Payload.bytes(text)
            let isSimple = ["params", "types", "formats", "results"].allSatisfy { tree[$0] == nil }
            kind = isSimple ? .simple(bytes) : .parameters(bytes)
        } else if let entry = tree["prepare"] {
            var keys = try KeyedTree(entry, "prepare")
            let name = try keys.take("name").map { name throws(SuiteProblem) in try Payload.bytes(name) } ?? []
            guard let text = keys.take("query") else { throw SuiteProblem(entry, "prepare needs query:") }
            kind = .prepare(name: name, try Payload.bytes(text))
            types = try Self.types(keys.take("types"))
            try keys.finish()
        } else if let name = tree["execute"] {
            kind = .execute(name: try Payload.bytes(name))
        } else if let name = tree["describe"] {
            kind = .describe(name: try Payload.bytes(name))
        } else if let name = tree["describe-portal"] {
            kind = .describePortal(name: try Payload.bytes(name))
        } else {
            throw SuiteProblem(tree, "one of \(Self.keys.sorted().joined(separator: ", ")) is expected")
        }
        if let stated = tree["types"] { types = try Self.types(stated) }
        for value in tree["params"]?.list ?? [] { values.append(value.isNull ? nil : try Payload.bytes(value)) }
        formats = try Self.formats(tree["formats"], values.count)
        if let stated = tree["results"] { resultFormat = try Self.format(stated) }
        if let stated = tree["rows"] {
            guard stated.text == "single" else { throw SuiteProblem(stated, "rows takes single") }
            isRowByRow = true
        }
    }

    private static func types(_ tree: Tree?) throws(SuiteProblem) -> [UInt32] {
        var types: [UInt32] = []
        for element in tree?.list ?? [] {
            guard let number = element.integer.flatMap({ UInt32(exactly: $0) }) else {
                throw SuiteProblem(element, "types takes the numbers of types")
            }
            types.append(number)
        }
        return types
    }

    private static func format(_ tree: Tree) throws(SuiteProblem) -> Int32 {
        switch tree.text {
        case "text": return 0
        case "binary": return 1
        default: throw SuiteProblem(tree, "a format is text or binary")
        }
    }

    /// One format for all values, or one for each.
    private static func formats(_ tree: Tree?, _ count: Int) throws(SuiteProblem) -> [Int32] {
        guard let tree else { return Array(repeating: 0, count: count) }
        guard let list = tree.list else { return Array(repeating: try format(tree), count: count) }
        var formats: [Int32] = []
        for element in list { formats.append(try format(element)) }
        guard formats.count == count else { throw SuiteProblem(tree, "formats and params are not as many") }
        return formats
    }
}

/// An action of the libpq client.
enum LibpqAction {
    /// What stands in a pipeline.
    enum PipelineItem {
        case statement(LibpqStatement)
        case sync
        /// Asks for what is answered so far, and reads it.
        case flush
    }

    case statement(LibpqStatement)
    case pipeline([PipelineItem])
    case copyIn([UInt8], data: [[UInt8]], failure: [UInt8]?)
    case copyOut([UInt8])
    /// Sends a request and reads nothing.
    case post(LibpqStatement)
    case readResults
    case readNotification
    case readNotices
    case cancel
    case connect([(name: String, value: [UInt8])])
    case info(String)
    case parameter(String)

    static let keys: Set<String> = LibpqStatement.keys.union([
        "pipeline", "copy-in", "copy-out", "post", "read", "cancel", "connect", "info", "parameter",
    ])
    private static let options: Set<String> = LibpqStatement.options.union(["data", "fail"])
    static let infos: Set<String> = [
        "transaction", "own-pid", "protocol", "server-version", "encoding", "user", "database", "tls", "password-used",
    ]
    /// Items of one pipeline.
    private static let itemsAtMost = 10_000

    /// Looks at an action whose variables are not filled in yet.
    static func check(_ tree: Tree) throws(SuiteProblem) {
        try PostgresKeys.check(tree, actions: keys, options: options)
        guard !Variables.appear(in: tree) else { return }
        _ = try LibpqAction(tree)
    }

    init(_ tree: Tree) throws(SuiteProblem) {
        if let list = tree["pipeline"] {
            self = .pipeline(try Self.pipeline(list))
        } else if let text = tree["copy-in"] {
            var data: [[UInt8]] = []
            if let stated = tree["data"] {
                for element in stated.list ?? [stated] { data.append(try Payload.bytes(element)) }
            }
            let failure = try tree["fail"].map { text throws(SuiteProblem) in try Payload.bytes(text) }
            self = .copyIn(try Payload.bytes(text), data: data, failure: failure)
        } else if let text = tree["copy-out"] {
            self = .copyOut(try Payload.bytes(text))
        } else if let what = tree["post"] {
            self = .post(try LibpqStatement(Self.statement(what)))
        } else if let what = tree["read"] {
            switch what.text {
            case "results": self = .readResults
            case "notification": self = .readNotification
            case "notices": self = .readNotices
            default: throw SuiteProblem(what, "read takes results, notification or notices")
            }
        } else if tree["cancel"] != nil {
            self = .cancel
        } else if let words = tree["connect"] {
            guard let entries = words.entries else { throw SuiteProblem(words, "connect takes words: {user: NAME}") }
            var pairs: [(name: String, value: [UInt8])] = []
            for entry in entries { pairs.append((entry.key, try Payload.bytes(entry.value))) }
            self = .connect(pairs)
        } else if let what = tree["info"] {
            guard let name = what.text, Self.infos.contains(name) else {
                throw SuiteProblem(what, "info takes one of \(Self.infos.sorted().joined(separator: ", "))")
            }
            self = .info(name)
        } else if let name = tree["parameter"] {
            guard let name = name.text else { throw SuiteProblem(name, "parameter takes a name") }
            self = .parameter(name)
        } else {
            self = .statement(try LibpqStatement(tree))
        }
    }

    /// A bare text stands for a simple query.
    private static func statement(_ tree: Tree) -> Tree {
        tree.entries == nil
            ? Tree(.mapping([.init(key: "query", value: tree)]), line: tree.line, column: tree.column) : tree
    }

    private static func pipeline(_ tree: Tree) throws(SuiteProblem) -> [PipelineItem] {
        guard let list = tree.list, !list.isEmpty, list.count <= itemsAtMost else {
            throw SuiteProblem(tree, "pipeline takes a list of up to \(itemsAtMost) requests, sync and flush")
        }
        var items: [PipelineItem] = []
        for element in list {
            switch element.text {
            case "sync": items.append(.sync)
            case "flush": items.append(.flush)
            default: items.append(.statement(try LibpqStatement(statement(element))))
            }
        }
        return items
    }
}
