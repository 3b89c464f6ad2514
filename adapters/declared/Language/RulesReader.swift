// Reads the rules for lengths, keys and times.

extension DescriptionReader {
    mutating func readLimits(_ node: DocumentNode) {
        guard Language.limits.check(node, problems) else { return }
        if let size = node["frame"]?.size(problems) { description.limits.frame = size }
        if let depth = node["depth"]?.number(1...256, problems) { description.limits.depth = Int(depth) }
        if let items = node["items"]?.number(1...100_000_000, problems) { description.limits.items = Int(items) }
        if let attempts = node["attempts"]?.number(1...1000, problems) { description.limits.attempts = Int(attempts) }
    }

    mutating func readKeys(_ node: DocumentNode) {
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

    mutating func readExpiry(_ node: DocumentNode) {
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
}
