// Reads the tree of an adapter file into a description and reports everything that is wrong with it.

import Capabilities

/// Reads one file.
struct DescriptionReader {
    let problems: ProblemList
    var description = AdapterDescription()

    /// The description of `root`; what could not be read is left out, with a problem.
    static func read(_ root: DocumentNode, _ problems: ProblemList) -> AdapterDescription {
        var reader = DescriptionReader(problems: problems)
        reader.read(root)
        return reader.description
    }

    private mutating func read(_ root: DocumentNode) {
        guard Language.file.check(root, problems) else { return }
        description.name = root["adapter"]?.string(problems) ?? ""
        description.summary = root["summary"]?.string(problems) ?? ""
        if let node = root["transport"] { readTransport(node) }
        if let node = root["settings"] { readSettings(node) }
        if let node = root["framing"] { readFraming(node) }
        if let word = root["payload"]?.word(Payload.allCases.map(\.rawValue), problems) {
            description.payload = Payload(rawValue: word) ?? .bytes
        }
        if let node = root["correlation"] { readCorrelation(node) }
        if let node = root["limits"] { readLimits(node) }
        if let node = root["keys"] { readKeys(node) }
        if let node = root["expiry"] { readExpiry(node) }
        for entry in mapping(root["escapes"]) {
            if let escaped = entry.value.string(problems) {
                description.escapes.append((Array(entry.name.utf8), Array(escaped.utf8)))
            }
        }
        for entry in mapping(root["fields"]) {
            if let text = entry.value.string(problems), let path = FieldPath.parse(text, entry.value.place, problems) {
                description.fields.append((entry.name, path, entry.place))
            }
        }
        for entry in mapping(root["messages"]) { readMessage(entry) }
        for node in list(root["login"]) { if let step = step(node) { description.login.append(step) } }
        if let node = root["keep-alive"], let step = step(node) {
            let every = node["every"]?.duration(problems) ?? 30_000
            description.keepAlive = (UInt64(every) * 1_000_000, step)
        }
        description.manifest = Manifest(adapter: description.name)
        for entry in mapping(root["capabilities"]) { readCapability(entry) }
        boundLives()
        for entry in mapping(root["operations"]) { readOperation(entry) }
        description.tellWhatIsLeftOut()
        description.boundLineValues(problems)
    }

    // MARK: Containers

    func mapping(_ node: DocumentNode?) -> [DocumentNode.Entry] {
        guard let node else { return [] }
        if let entries = node.entries { return entries }
        if node.plain != "" { problems.add(node.place, "expected a mapping, got \(node.kind)") }
        return []
    }

    func list(_ node: DocumentNode?) -> [DocumentNode] {
        guard let node else { return [] }
        if let items = node.items { return items }
        problems.add(node.place, "expected a list, got \(node.kind)")
        return []
    }
}
