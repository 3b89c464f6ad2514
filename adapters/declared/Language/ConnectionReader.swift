// Reads how a server is reached: transport, settings and correlation.

extension DescriptionReader {
    mutating func readTransport(_ node: DocumentNode) {
        guard Language.transport.check(node, problems) else { return }
        for item in list(node["schemes"]) {
            if let word = item.word(TransportDescription.schemes, problems) {
                description.transport.schemes.append(word)
            }
        }
        description.transport.port = node["port"]?.number(1...65535, problems).map { Int($0) }
        if let count = node["connections"]?.number(1...1024, problems) {
            description.transport.connections = Int(count)
        }
        description.transport.pipeline = node["pipeline"]?.number(1...65536, problems).map { Int($0) }
        if let time = node["connect-timeout"]?.duration(problems) {
            description.transport.connectTimeout = UInt64(time) * 1_000_000
        }
        if let time = node["reply-timeout"]?.duration(problems) {
            description.transport.replyTimeout = UInt64(time) * 1_000_000
        }
        description.transport.idleTimeout = node["idle-timeout"]?.duration(problems).map { UInt64($0) * 1_000_000 }
    }

    mutating func readSettings(_ node: DocumentNode) {
        for entry in mapping(node) where Language.setting.check(entry.value, problems) {
            description.settings.append(
                SettingDescription(
                    name: entry.name, standard: entry.value["default"]?.string(problems),
                    text: entry.value["text"]?.string(problems) ?? ""))
        }
    }

    mutating func readCorrelation(_ node: DocumentNode) {
        if node.text == "in-order" { return }
        if let entries = node.entries, entries.count == 1, let entry = entries.first, entry.name == "id",
            let name = entry.value.text
        {
            description.idField = (name, entry.value.place)
            return
        }
        problems.add(node.place, "expected in-order or { id: FIELD }, got \(node.kind)")
    }
}
