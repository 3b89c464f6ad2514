// Reads the tree of an adapter file into a description and reports everything that is wrong with it.

import Capabilities
import Glibc

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
    }

    // MARK: The connection

    private mutating func readTransport(_ node: DocumentNode) {
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

    private mutating func readSettings(_ node: DocumentNode) {
        for entry in mapping(node) where Language.setting.check(entry.value, problems) {
            description.settings.append(
                SettingDescription(
                    name: entry.name, standard: entry.value["default"]?.string(problems),
                    text: entry.value["text"]?.string(problems) ?? ""))
        }
    }

    private mutating func readFraming(_ node: DocumentNode) {
        guard Language.framing.check(node, problems), let entries = node.entries else { return }
        guard entries.count == 1, let entry = entries.first else {
            problems.add(node.place, "expected exactly one framing, got \(entries.count)")
            return
        }
        let node = entry.value
        switch entry.name {
        case "lines", "delimiter":
            guard Language.lines.check(node, problems) else { return }
            let end = Array((node["end"]?.string(problems) ?? "\r\n").utf8)
            if end.isEmpty { problems.add(node.place, "the end mark cannot be empty") }
            description.framing = .lines(end: end, longest: node["longest"]?.size(problems) ?? 64 << 10)
        case "length":
            guard Language.length.check(node, problems) else { return }
            description.framing = .length(
                width: Int(node["width"]?.number(1...8, problems) ?? 4), isBig: isBig(node["order"]),
                countsAll: countsAll(node["counts"]))
        case "header": readHeader(node)
        case "http":
            guard Language.http.check(node, problems) else { return }
            description.framing = .http(
                HTTPDescription(headers: headers(node["headers"]), fields: headerFields(node["fields"])))
        default: description.framing = .untilClose
        }
    }

    /// Fields that are header fields of an answer: `etag: ETag | quoted`.
    private func headerFields(_ node: DocumentNode?) -> [(String, [UInt8], [Filter], DocumentPlace)] {
        mapping(node).compactMap { entry in
            guard let text = entry.value.string(problems) else { return nil }
            var words = text.split(separator: "|", omittingEmptySubsequences: false).map { trimmed($0) }
            let header = words.removeFirst()
            let filters = words.compactMap { Filter.parse($0, entry.value.place, problems) }
            guard !header.isEmpty, header.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-") }) else {
                problems.add(
                    entry.value.place,
                    "expected the name of a header field and filters, such as ETag | quoted, got \"\(text)\"")
                return nil
            }
            return (entry.name, Array(header.lowercased().utf8), filters, entry.place)
        }
    }

    private func isBig(_ node: DocumentNode?) -> Bool { node?.word(["big", "little"], problems) != "little" }
    private func countsAll(_ node: DocumentNode?) -> Bool { node?.word(["body", "all"], problems) == "all" }

    private func headers(_ node: DocumentNode?) -> [(name: String, value: Template)] {
        mapping(node).compactMap { entry in entry.value.template(problems).map { (entry.name, $0) } }
    }

    private mutating func readHeader(_ node: DocumentNode) {
        guard Language.header.check(node, problems) else { return }
        var header = HeaderDescription()
        header.isBig = isBig(node["order"])
        let widths = ["u8": 1, "u16": 2, "u24": 3, "u32": 4, "u64": 8]
        for entry in mapping(node["fields"]) {
            if let word = entry.value.word(["u8", "u16", "u24", "u32", "u64"], problems) {
                header.fields.append((entry.name, widths[word] ?? 1))
            }
        }
        let names = header.fields.map(\.name)
        func known(_ node: DocumentNode?) -> String? {
            guard let node, let name = node.string(problems) else { return nil }
            if names.contains(name) { return name }
            problems.add(
                node.place, "the header has no field \"\(name)\"\(NearestWord.clause(for: name, among: names))")
            return nil
        }
        header.body = known(node["body"]) ?? ""
        header.bodyPlace = node["body"]?.place ?? node.place
        header.countsAll = countsAll(node["counts"])
        for entry in mapping(node["parts"]) {
            header.parts.append((entry.name, entry.value.text == "rest" ? nil : known(entry.value), entry.place))
        }
        if header.parts.isEmpty { header.parts = [("body", nil, node.place)] }
        if header.parts.dropLast().contains(where: { $0.length == nil }) {
            problems.add(node["parts"]?.place ?? node.place, "only the last part can take the rest")
        }
        for entry in mapping(node["send"]) {
            if !names.contains(entry.name) {
                let clause = NearestWord.clause(for: entry.name, among: names)
                problems.add(entry.place, "the header has no field \"\(entry.name)\"\(clause)")
            }
            if let number = entry.value.number(0...Int64.max, problems) {
                header.constants.append((entry.name, UInt64(number), entry.place))
            }
        }
        for item in list(node["echo"]) { if let name = known(item) { header.echo.append((name, item.place)) } }
        for echo in header.echo where header.parts.contains(where: { $0.name == echo.name }) {
            problems.add(echo.place, "\"\(echo.name)\" is a part of the body as well; an echo is of a header field")
        }
        description.framing = .header(header)
    }

    private mutating func readCorrelation(_ node: DocumentNode) {
        if node.text == "in-order" { return }
        if let entries = node.entries, entries.count == 1, let entry = entries.first, entry.name == "id",
            let name = entry.value.text
        {
            description.idField = (name, entry.value.place)
            return
        }
        problems.add(node.place, "expected in-order or { id: FIELD }, got \(node.kind)")
    }

    // MARK: Rules

    private mutating func readLimits(_ node: DocumentNode) {
        guard Language.limits.check(node, problems) else { return }
        if let size = node["frame"]?.size(problems) { description.limits.frame = size }
        if let depth = node["depth"]?.number(1...256, problems) { description.limits.depth = Int(depth) }
        if let items = node["items"]?.number(1...100_000_000, problems) { description.limits.items = Int(items) }
        if let attempts = node["attempts"]?.number(1...1000, problems) { description.limits.attempts = Int(attempts) }
    }

    private mutating func readKeys(_ node: DocumentNode) {
        guard Language.keys.check(node, problems) else { return }
        var keys = KeyRules()
        if let text = node["allowed"]?.string(problems) { keys.allowed = Self.bytes(text) }
        if let text = node["without"]?.string(problems) { for byte in text.utf8 { keys.allowed[Int(byte)] = false } }
        keys.escapesOthers = node["others"]?.word(["refuse", "percent"], problems) == "percent"
        if keys.escapesOthers { keys.allowed[0x25] = false }
        keys.allowsAll = !keys.allowed.contains(false)
        if let text = node["separator"]?.string(problems) {
            keys.separator = text.utf8.first
            if text.utf8.count != 1 {
                problems.add(node["separator"]?.place ?? node.place, "expected one ASCII character")
            }
        }
        if let size = node["longest"]?.size(problems) { keys.longest = size }
        if let prefix = node["prefix"]?.template(problems) { keys.prefix = prefix }
        description.keys = keys
    }

    /// The bytes that `text` names: a word, or characters with ranges.
    private static func bytes(_ text: String) -> [Bool] {
        if text == "any" { return [Bool](repeating: true, count: 256) }
        if text == "printable" { return (0..<256).map { (0x21...0x7E).contains($0) } }
        var allowed = [Bool](repeating: false, count: 256)
        let letters = Array(text.utf8)
        var index = 0
        while index < letters.count {
            if index + 2 < letters.count, letters[index + 1] == 0x2D, letters[index] <= letters[index + 2] {
                for byte in letters[index]...letters[index + 2] { allowed[Int(byte)] = true }
                index += 3
            } else {
                allowed[Int(letters[index])] = true
                index += 1
            }
        }
        return allowed
    }

    private mutating func readExpiry(_ node: DocumentNode) {
        guard Language.expiry.check(node, problems) else { return }
        var rules = ExpiryRules()
        rules.isSeconds = node["unit"]?.word(["seconds", "milliseconds"], problems) == "seconds"
        rules.isFromNow = node["counts"]?.word(["from-now", "since-1970"], problems) != "since-1970"
        rules.longest = node["longest"]?.duration(problems)
        if node["beyond"]?.word(["since-1970", "refuse"], problems) == "since-1970" { rules.beyond = .since1970 }
        rules.roundsUp = node["fraction"]?.word(["refuse", "up"], problems) == "up"
        if let node = node["never"] {
            rules.saysNever = true
            rules.never = node.number(Int64.min...Int64.max, problems) ?? 0
        }
        rules.past = node["past"]?.number(Int64.min...Int64.max, problems)
        if let latest = node["latest"]?.number(1...Int64.max, problems) { rules.latest = latest }
        if let none = node["none"]?.number(Int64.min...Int64.max, problems) { rules.none = none }
        description.expiry = rules
    }

    /// What the rules for times say, where the file names no bound of its own.
    private mutating func boundLives() {
        var entry = description.manifest[.keyValueTTL]
        guard entry.support != .refused, entry.bounds[.expirySeconds] == nil,
            let seconds = description.expiry.longestLife(now: Int64(time(nil)))
        else { return }
        entry.bounds[.expirySeconds] = seconds
        description.manifest[.keyValueTTL] = entry
    }

    private mutating func readCapability(_ entry: DocumentNode.Entry) {
        guard let capability = Capability(rawValue: entry.name) else {
            let clause = NearestWord.clause(for: entry.name, among: Capability.allCases.map(\.rawValue))
            problems.add(entry.place, "there is no capability \"\(entry.name)\"\(clause)")
            return
        }
        let supports = Support.allCases.map(\.rawValue)
        var value = ManifestEntry(.refused)
        if entry.value.text != nil {
            guard let word = entry.value.word(supports, problems) else { return }
            value.support = Support(rawValue: word) ?? .refused
        } else {
            guard Language.capability.check(entry.value, problems) else { return }
            if let word = entry.value["support"]?.word(supports, problems) {
                value.support = Support(rawValue: word) ?? .refused
            }
            for bound in mapping(entry.value["bounds"]) {
                if let kind = BoundKind(rawValue: bound.name) {
                    if let size = bound.value.size(problems) { value.bounds[kind] = size }
                } else {
                    let clause = NearestWord.clause(for: bound.name, among: BoundKind.allCases.map(\.rawValue))
                    problems.add(bound.place, "there is no bound \"\(bound.name)\"\(clause)")
                }
            }
            for item in list(entry.value["weakenings"]) {
                if let word = item.word(Weakening.allCases.map(\.rawValue), problems),
                    let known = Weakening(rawValue: word)
                {
                    value.weakenings.insert(known)
                }
            }
            value.note = entry.value["note"]?.string(problems) ?? ""
        }
        description.manifest[capability] = value
        description.capabilityPlaces[capability] = entry.place
    }

    // MARK: Exchanges

    private mutating func readMessage(_ entry: DocumentNode.Entry) {
        guard Language.message.check(entry.value, problems) else { return }
        let node = entry.value
        var message = MessageDescription(name: entry.name, place: entry.place)
        if let line = node["line"], let text = line.string(problems) {
            message.line = LinePattern.parse(text, line.place, problems)
        }
        if let body = node["body"] {
            let named = mapping(body).filter { $0.name != "end" }
            if named.count == 1, let length = named[0].value.string(problems) {
                let end = body["end"]?.string(problems) ?? ""
                message.body = (named[0].name, length, Array(end.utf8), body.place)
            } else {
                problems.add(body.place, "expected { FIELD: LENGTH } and, after it, end: what follows the bytes")
            }
        }
        if let node = node["when"] { message.condition = condition(node) }
        for (field, input) in message.line?.echoes ?? [] {
            if let place = message.line?.place { readEcho(field, input, place, &message) }
        }
        for entry in mapping(node["echo"]) {
            if let input = entry.value.string(problems) { readEcho(entry.name, input, entry.value.place, &message) }
        }
        if let node = node["is"] { message.outcome = Outcome.parse(node, problems) }
        message.goesOn = node["then"]?.word(["more"], problems) != nil
        message.closes = node["close"]?.flag(problems) ?? false
        message.answer = node["answer"]?.template(problems)
        description.messages.append(message)
    }

    private func readEcho(_ field: String, _ input: String, _ place: DocumentPlace, _ message: inout MessageDescription)
    {
        if let known = Input.allCases.first(where: { $0.spelling == input }) {
            message.echoes.append((field, known, place))
        } else {
            let known = Input.allCases.map(\.spelling)
            let clause = NearestWord.clause(for: input, among: known)
            problems.add(
                place,
                "a request has nothing called \"\(input)\"\(clause.isEmpty ? "; expected one of \(known.joined(separator: ", "))" : clause)"
            )
        }
    }

    private func condition(_ node: DocumentNode) -> Condition? {
        guard let text = node.string(problems) else { return nil }
        return Condition.parse(text, node.place, problems)
    }

    func step(_ node: DocumentNode) -> StepDescription? {
        guard Language.step.check(node, problems) else { return nil }
        var step = StepDescription(place: node.place)
        if let send = node["send"] {
            step.send = SendReader(problems: problems, framing: description.framing).read(send)
        }
        if let node = node["if"] { step.condition = condition(node) }
        for entry in mapping(node["replies"]) {
            let nodes = entry.value.items ?? [entry.value]
            step.rules.append((entry.name, entry.place, nodes.compactMap(rule)))
        }
        if let node = node["expects"] {
            let nodes = node.items ?? [node]
            step.expects = nodes.compactMap { item in item.string(problems).map { ($0, item.place) } }
        }
        return step
    }

    private func rule(_ node: DocumentNode) -> RuleDescription? {
        guard let entries = node.entries else {
            return Outcome.parse(node, problems).map { RuleDescription(outcome: $0, place: node.place) }
        }
        guard let outcome = node["is"].flatMap({ Outcome.parse($0, problems) }) else {
            if node["is"] == nil {
                problems.add(node.place, "the rule has no `is:`, which says what the message means")
            }
            return nil
        }
        var rule = RuleDescription(outcome: outcome, place: node.place)
        for entry in entries where entry.name != "is" {
            if entry.name == "if" {
                rule.condition = condition(entry.value)
            } else if entry.name == "then" {
                rule.goesOn = entry.value.word(["more"], problems) != nil
            } else if let output = Output.allCases.first(where: { $0.spelling == entry.name }) {
                if let field = entry.value.string(problems) { rule.outputs.append((output, field, entry.value.place)) }
            } else {
                let known = Output.allCases.map(\.spelling) + ["is", "if", "then"]
                let clause = NearestWord.clause(for: entry.name, among: known)
                problems.add(
                    entry.place,
                    "expected is, if, then or an output (\(Output.allCases.map(\.spelling).joined(separator: ", "))), got \"\(entry.name)\"\(clause)"
                )
            }
        }
        return rule
    }

    private mutating func readOperation(_ entry: DocumentNode.Entry) {
        guard let shape = OperationShape.named(entry.name) else {
            let clause = NearestWord.clause(for: entry.name, among: OperationShape.all.map(\.name))
            let known = OperationShape.all.map(\.name).joined(separator: ", ")
            problems.add(
                entry.place,
                "there is no operation \"\(entry.name)\"\(clause.isEmpty ? "; expected one of \(known)" : clause)")
            return
        }
        let node = entry.value
        var operation = OperationDescription(shape: shape, place: entry.place, steps: [])
        guard Language.step.check(node, problems) else { return }
        if let steps = node["steps"] {
            operation.steps = list(steps).compactMap { step($0) }
            if ["send", "replies", "expects"].contains(where: { node[$0] != nil }) {
                problems.add(
                    node.place, "an operation has either `steps`, or `send`, `replies` and `expects` of its own")
            }
        } else if let step = step(node) {
            operation.steps = [step]
        }
        if let pages = node["pages"], Language.pages.check(pages, problems),
            let condition = pages["while"].flatMap(condition),
            let next = pages["next"]?.template(problems)
        {
            operation.pages = (condition, next)
        }
        operation.isStream = node["stream"]?.flag(problems) ?? false
        operation.longestKey = node["longest-key"]?.size(problems)
        if let node = node["prefix"], let text = node.string(problems) {
            operation.prefix = (Array(text.utf8), node.place)
        }
        description.operations.append(operation)
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
