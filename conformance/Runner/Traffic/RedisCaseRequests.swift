// The requests of Redis cases.

extension RedisDriver: RequestWriter {
    package func requests(
        of action: Tree, client: String, expecting expectation: Tree?
    ) throws(SuiteProblem) -> [CaseRequest] {
        switch try RedisAction(action) {
        case .commands(let commands, let isPipeline):
            return commands.enumerated().map { place, words in
                let own = isPipeline ? expectation?.list.flatMap { $0.count > place ? $0[place] : nil } : expectation
                return CaseRequest(Self.encoded(words), ahead: place, isToFail: own?.tag == "error")
            }
        case .post(let commands):
            return commands.enumerated().map { CaseRequest(Self.encoded($1), ahead: $0) }
        case .raw(let bytes, _): return [CaseRequest(bytes, isToFail: expectation?.expectsError ?? false)]
        case .read: return []
        }
    }

    package func opening(_ options: Tree?, client: String) throws(SuiteProblem) -> [CaseRequest] {
        var commands: [[String]] = []
        if options?["protocol"]?.integer == 3 { commands.append(["HELLO", "3"]) }
        if let database = options?["database"]?.text, database != "0" { commands.append(["SELECT", database]) }
        return commands.map { CaseRequest(Self.encoded($0.map { Array($0.utf8) })) }
    }

    /// A command as clients write it.
    private static func encoded(_ words: [[UInt8]]) -> [UInt8] {
        var bytes = Array("*\(words.count)\r\n".utf8)
        for word in words { bytes += Array("$\(word.count)\r\n".utf8) + word + [0x0D, 0x0A] }
        return bytes
    }
}
