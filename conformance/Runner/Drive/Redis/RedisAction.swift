// What a step of a Redis case may ask for, read from its tree.

/// An action of the Redis wire.
enum RedisAction {
    /// Commands that are sent together, and one reply for each.
    case commands([[[UInt8]]], isPipeline: Bool)
    /// Bytes that are sent as they are, and how many replies follow.
    case raw([UInt8], replies: Int)
    /// Commands that are sent without reading what comes.
    case post([[[UInt8]]])
    /// Replies or pushes that are read without sending.
    case read(count: Int)

    static let keys: Set<String> = ["send", "pipeline", "inline", "raw", "post", "read"]
    private static let options: Set<String> = ["replies", "as"]
    /// Replies of one step.
    private static let repliesAtMost: Int64 = 100_000

    /// Whether the answer is compared by its bytes.
    static func wantsBytes(_ tree: Tree) -> Bool { tree["as"]?.text == "bytes" }

    /// Looks at an action whose variables are not filled in yet.
    static func check(_ tree: Tree, client: String) throws(SuiteProblem) {
        try tree.checkAction(keys, options)
        if tree["raw"] != nil || tree["inline"] != nil || tree["as"] != nil, client != "raw" {
            throw SuiteProblem(tree, "raw, inline and as: need client: raw; hiredis sends commands only")
        }
        guard !Variables.appear(in: tree) else { return }
        _ = try RedisAction(tree)
    }

    init(_ tree: Tree) throws(SuiteProblem) {
        if let words = tree["send"] {
            self = .commands([try Self.command(words)], isPipeline: false)
        } else if let list = tree["pipeline"] {
            self = .commands(try Self.commands(list), isPipeline: true)
        } else if let list = tree["post"] {
            let isOne = list.list?.first?.list == nil
            self = .post(isOne ? [try Self.command(list)] : try Self.commands(list))
        } else if let line = tree["inline"] {
            self = .raw(try Payload.bytes(line) + [0x0D, 0x0A], replies: try Self.replies(tree))
        } else if let bytes = tree["raw"] {
            self = .raw(try Payload.bytes(bytes), replies: try Self.replies(tree))
        } else if let what = tree["read"] {
            guard let count = what.text == "reply" || what.text == "push" ? 1 : what.integer, count > 0, count <= 1000
            else { throw SuiteProblem(what, "read takes reply, push, or how many of them") }
            self = .read(count: Int(count))
        } else {
            throw SuiteProblem(tree, "there is no action here")
        }
    }

    private static func replies(_ tree: Tree) throws(SuiteProblem) -> Int {
        guard let stated = tree["replies"] else { return 1 }
        guard let count = stated.integer, (0...repliesAtMost).contains(count) else {
            throw SuiteProblem(stated, "replies takes a number up to \(repliesAtMost)")
        }
        return Int(count)
    }

    private static func commands(_ tree: Tree) throws(SuiteProblem) -> [[[UInt8]]] {
        guard let list = tree.list, !list.isEmpty else { throw SuiteProblem(tree, "a list of commands is expected") }
        var commands: [[[UInt8]]] = []
        for element in list { commands.append(try command(element)) }
        return commands
    }

    private static func command(_ tree: Tree) throws(SuiteProblem) -> [[UInt8]] {
        guard let list = tree.list, !list.isEmpty else {
            throw SuiteProblem(tree, "a command is a list of words: [SET, \"${p}k\", v]")
        }
        var words: [[UInt8]] = []
        for element in list { words.append(try Payload.bytes(element)) }
        return words
    }
}
