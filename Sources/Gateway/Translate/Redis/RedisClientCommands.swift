// CLIENT and its subcommands.

import RedisWire

extension RedisTranslator {
    /// Answers CLIENT; what a gateway cannot do for a client is refused by name.
    func answerClient(_ line: RedisCommandLine) throws(RedisErrorText) {
        let name = line.arguments[0]
        switch true {
        case name.isWord("id"): out.integer(Int64(session.id))
        case name.isWord("getname"): if client.name.isEmpty { out.null() } else { out.bulk(client.name) }
        case name.isWord("setname"):
            try checkClientName(line.arguments[1])
            client.name = line.arguments[1]
            out.status("OK")
        case name.isWord("setinfo"): try setInfo(line.arguments[1], line.arguments[2])
        case name.isWord("info"): out.verbatim(Array((description + "\n").utf8))
        case name.isWord("list"): try list(Array(line.arguments[1...]))
        case name.isWord("reply"): try setReply(line.arguments[1])
        case name.isWord("no-evict"), name.isWord("no-touch"):
            // Nothing is evicted for a client's sake and nothing is aged by its reads.
            guard line.arguments[1].isWord("on") || line.arguments[1].isWord("off") else { throw .syntax }
            out.status("OK")
        case name.isWord("getredir"): out.integer(-1)
        case name.isWord("help"): out.write(.help("client"))
        default: throw gate.redisRefusal(of: "client|\(String(decoding: name, as: UTF8.self).lowercased())")
        }
    }

    /// Source: redis src/networking.c validateClientName.
    func checkClientName(_ name: [UInt8]) throws(RedisErrorText) {
        guard name.allSatisfy({ $0 >= 0x21 && $0 <= 0x7E }) else { throw .clientName }
    }

    /// Source: redis 7.2 src/networking.c clientSetinfoCommand; earlier servers do not know it.
    private func setInfo(_ attribute: [UInt8], _ value: [UInt8]) throws(RedisErrorText) {
        let isName = attribute.isWord("lib-name")
        guard isName || attribute.isWord("lib-ver") else {
            throw RedisErrorText(bytes: Array("ERR Unrecognized option '".utf8) + attribute + [0x27])
        }
        guard value.allSatisfy({ $0 >= 0x21 && $0 <= 0x7E }) else {
            let spelled = isName ? "lib-name" : "lib-ver"
            throw RedisErrorText("ERR \(spelled) cannot contain spaces, newlines or special characters.")
        }
        if isName { client.library = value } else { client.libraryVersion = value }
        out.status("OK")
    }

    private func setReply(_ mode: [UInt8]) throws(RedisErrorText) {
        if mode.isWord("on") {
            client.isMuted = false
            client.showsThisReply = true
            out.status("OK")
        } else if mode.isWord("off") {
            client.isMuted = true
        } else if mode.isWord("skip") {
            if !client.isMuted { client.skipsNext = true }
        } else {
            throw .syntax
        }
    }

    /// A client sees itself only: others may be other people's.
    private func list(_ filters: [[UInt8]]) throws(RedisErrorText) {
        var isShown = true
        if let first = filters.first {
            guard filters.count > 1 else { throw .syntax }
            if first.isWord("id") {
                var ids: [Int64] = []
                for text in filters[1...] {
                    ids.append(try RedisArgument.integer(text, from: 1, or: RedisErrorText("ERR Invalid client ID")))
                }
                isShown = ids.contains(Int64(session.id))
            } else if first.isWord("type"), filters.count == 2 {
                let isListening = subscriptions.count > 0
                let types: [StaticString] = ["normal", "pubsub", "master", "replica", "slave"]
                guard types.contains(where: { filters[1].isWord($0) }) else {
                    throw RedisErrorText(bytes: Array("ERR Unknown client type '".utf8) + filters[1] + [0x27])
                }
                isShown = filters[1].isWord(isListening ? "pubsub" : "normal")
            } else {
                throw .syntax
            }
        }
        out.verbatim(isShown ? Array((description + "\n").utf8) : [])
    }

    /// The line of CLIENT INFO and CLIENT LIST.
    private var description: String {
        let flags = (subscriptions.count > 0 ? "P" : "") + (transaction.isOpen ? "x" : "")
        let fields = [
            "id=\(session.id)", "addr=\(session.peer)", "name=\(String(decoding: client.name, as: UTF8.self))",
            "db=\(client.database)", "flags=\(flags.isEmpty ? "N" : flags)", "sub=\(subscriptions.channels.count)",
            "psub=\(subscriptions.patterns.count)", "ssub=0",
            "multi=\(transaction.isOpen ? transaction.commands.count : -1)", "watch=\(transaction.watched.count)",
            "cmd=\(client.lastCommand.name)", "user=\(client.user)", "redir=-1", "resp=\(out.isRESP3 ? 3 : 2)",
            "lib-name=\(String(decoding: client.library, as: UTF8.self))",
            "lib-ver=\(String(decoding: client.libraryVersion, as: UTF8.self))",
        ]
        return fields.joined(separator: " ")
    }
}
