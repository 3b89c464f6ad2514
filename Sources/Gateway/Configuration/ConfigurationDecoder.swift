// Turns YAML nodes into typed values, collecting every problem instead of stopping at the first.

import Capabilities
import Yams

/// One mapping of the file whose keys the table knows.
struct ConfigurationSection {
    /// The concrete path, such as `listeners.cache.tls`.
    var path: String
    /// Where the section's own key stands.
    var mark: Mark?
    /// The entries by name.
    var entries: [String: (keyMark: Mark?, value: Node)]

    func has(_ key: ConfigurationKey) -> Bool { entries[key.name] != nil }

    func path(of key: ConfigurationKey) -> String { path.isEmpty ? key.name : "\(path).\(key.name)" }
}

/// Reads typed values by their table entries and collects the problems.
struct ConfigurationDecoder {
    let source: String
    /// The folder at which relative paths begin; nil means the process's own.
    let folder: String?
    /// Whether named files are opened and looked at.
    let checkingFiles: Bool
    var problems: [ConfigurationProblem] = []
    /// Where the value of each concrete path stands.
    private(set) var marks: [String: Mark] = [:]
    /// The paths of the table that were asked for; a test holds it against the table.
    private(set) var asked: Set<String> = []

    init(source: String, folder: String?, checkingFiles: Bool) {
        self.source = source
        self.folder = folder
        self.checkingFiles = checkingFiles
    }

    // MARK: Problems

    mutating func add(_ message: String, at path: String, mark: Mark? = nil) {
        let place = mark ?? nearestMark(to: path)
        problems.append(
            ConfigurationProblem(source: source, line: place?.line, column: place?.column, key: path, message: message))
    }

    private func nearestMark(to path: String) -> Mark? {
        var path = Substring(path)
        while !path.isEmpty {
            if let mark = marks[String(path)] { return mark }
            guard let cut = path.lastIndex(where: { $0 == "." || $0 == "[" }) else { return nil }
            path = path[..<cut]
        }
        return nil
    }

    // MARK: Mappings

    /// The keys of `node`, each once; keys that the table does not know below `key` are problems.
    mutating func section(_ node: Node, path: String, as key: ConfigurationKey?) -> ConfigurationSection? {
        if let key { asked.insert(key.path) }
        guard var section = mapping(node, path: path) else { return nil }
        let known = ConfigurationKey.children(of: key?.path ?? "").map(\.name)
        for (name, entry) in section.entries where !known.contains(name) {
            let clause = NearestWord.clause(for: name, among: known)
            add(
                "this key is not known\(clause); known here: \(known.joined(separator: ", "))",
                at: path.isEmpty ? name : "\(path).\(name)", mark: entry.keyMark)
            section.entries[name] = nil
        }
        return section
    }

    /// The section below `key`, or nil when it is absent or no mapping.
    mutating func section(_ key: ConfigurationKey, in parent: ConfigurationSection) -> ConfigurationSection? {
        guard let node = value(key, in: parent) else { return nil }
        return section(node, path: parent.path(of: key), as: key)
    }

    /// The named sections below `key`, in the order of the file.
    mutating func namedSections(
        _ key: ConfigurationKey, each: ConfigurationKey, in parent: ConfigurationSection
    ) -> [(name: String, section: ConfigurationSection?)] {
        asked.insert(each.path)
        let path = parent.path(of: key)
        guard let node = value(key, in: parent), let all = mapping(node, path: path) else { return [] }
        if all.entries.isEmpty { add("expected at least one name here, with its settings below", at: path) }
        let ordered = all.entries.sorted { left, right in
            let (a, b) = (left.value.keyMark, right.value.keyMark)
            return (a?.line ?? 0, a?.column ?? 0) < (b?.line ?? 0, b?.column ?? 0)
        }
        return ordered.map { name, entry in
            if !ConfigurationNames.isValid(name) {
                add(ConfigurationNames.rule, at: "\(path).\(name)", mark: entry.keyMark)
            }
            return (name, section(entry.value, path: "\(path).\(name)", as: each))
        }
    }

    /// The mappings in the list below `key`, in their order; nil for those that are none.
    mutating func sections(
        _ key: ConfigurationKey, in parent: ConfigurationSection
    ) -> [ConfigurationSection?] {
        guard let node = value(key, in: parent) else { return [] }
        let path = parent.path(of: key)
        guard case .sequence(let list) = node else {
            add("expected a list of mappings, got \(Self.describe(node))", at: path, mark: node.mark)
            return []
        }
        if list.isEmpty { add("expected at least one entry; remove the key otherwise", at: path) }
        return list.enumerated().map { index, entry in section(entry, path: "\(path)[\(index)]", as: key) }
    }

    private mutating func mapping(_ node: Node, path: String) -> ConfigurationSection? {
        marks[path] = marks[path] ?? node.mark
        guard case .mapping(let mapping) = node else {
            add("expected a mapping of keys and values, got \(Self.describe(node))", at: path, mark: node.mark)
            return nil
        }
        var section = ConfigurationSection(path: path, mark: node.mark, entries: [:])
        var firstLine: [String: Int] = [:]
        for (key, _) in mapping {
            guard let name = key.scalar.flatMap({ YAMLDocument.original(of: $0.string) }) else { continue }
            firstLine[name] = min(firstLine[name] ?? .max, key.mark?.line ?? .max)
        }
        for (key, value) in mapping {
            guard let name = key.scalar?.string else {
                add("expected a name as key, got \(Self.describe(key))", at: path, mark: key.mark)
                continue
            }
            if YAMLDocument.original(of: name) != nil { continue }
            let full = path.isEmpty ? name : "\(path).\(name)"
            if let line = firstLine[name] {
                add("this key is given more than once, first on line \(line); keep one", at: full, mark: key.mark)
            }
            marks[full] = value.mark ?? key.mark
            section.entries[name] = (key.mark, value)
        }
        return section
    }

    // MARK: Values

    /// The node of `key`; its absence is a problem when the table says that it is required.
    mutating func value(_ key: ConfigurationKey, in section: ConfigurationSection) -> Node? {
        asked.insert(key.path)
        if let entry = section.entries[key.name] { return entry.value }
        if key.default == .required { missing(key, in: section) }
        return nil
    }

    mutating func missing(_ key: ConfigurationKey, in section: ConfigurationSection, because reason: String = "") {
        add("this key is missing\(reason); expected \(key.kind)", at: section.path(of: key), mark: section.mark)
    }

    /// The scalar text of `key`, or nil when it is absent or of another type.
    mutating func text(_ key: ConfigurationKey, in section: ConfigurationSection) -> String? {
        guard let node = value(key, in: section) else { return nil }
        return text(node, of: key, path: section.path(of: key))
    }

    mutating func text(_ node: Node, of key: ConfigurationKey, path: String) -> String? {
        guard case .scalar(let scalar) = node, !Self.isNothing(scalar) else {
            add("expected \(key.kind), got \(Self.describe(node))", at: path, mark: node.mark)
            return nil
        }
        return scalar.string
    }

    /// Reads the text of `key` with `parse`, whose complaint becomes a problem.
    mutating func parsed<Value>(
        _ key: ConfigurationKey, in section: ConfigurationSection, _ parse: (String) throws(ValueError) -> Value
    ) -> Value? {
        guard let text = text(key, in: section) else { return nil }
        do {
            return try parse(text)
        } catch {
            add(error.message, at: section.path(of: key))
            return nil
        }
    }

    mutating func wholeNumber(_ key: ConfigurationKey, in section: ConfigurationSection) -> Int? {
        let plain = section.entries[key.name]?.value.scalar?.style == .plain
        return parsed(key, in: section) { text throws(ValueError) in
            guard case .wholeNumber(let range) = key.kind, plain, let number = Int(text), range.contains(number) else {
                throw ValueError("expected a \(key.kind), got \"\(text)\"")
            }
            return number
        }
    }

    /// A mapping of names to scalars; nil when it is absent or no mapping.
    mutating func texts(_ key: ConfigurationKey, in section: ConfigurationSection) -> [(name: String, text: String)]? {
        guard let node = value(key, in: section) else { return nil }
        let path = section.path(of: key)
        guard let mapping = mapping(node, path: path) else { return nil }
        let ordered = mapping.entries.sorted {
            ($0.value.keyMark?.line ?? 0, $0.key) < ($1.value.keyMark?.line ?? 0, $1.key)
        }
        return ordered.compactMap { name, entry in
            text(entry.value, of: key, path: "\(path).\(name)").map { (name, $0) }
        }
    }

    /// One text or a list of them, each made a value by `make`; nil when the key is absent.
    mutating func words<Value>(
        _ key: ConfigurationKey, in section: ConfigurationSection, _ make: (String) throws(ValueError) -> Value
    ) -> [Value]? {
        guard case .sequence(let list) = section.entries[key.name]?.value else {
            return parsed(key, in: section, make).map { [$0] }
        }
        let path = section.path(of: key)
        return list.enumerated().compactMap { (index, node) -> Value? in
            let path = "\(path)[\(index)]"
            guard let text = text(node, of: key, path: path) else { return nil }
            do throws(ValueError) {
                return try make(text)
            } catch {
                add(error.message, at: path, mark: node.mark)
                return nil
            }
        }
    }

    mutating func boolean(_ key: ConfigurationKey, in section: ConfigurationSection) -> Bool? {
        let plain = section.entries[key.name]?.value.scalar?.style == .plain
        return parsed(key, in: section) { text throws(ValueError) in
            guard plain, let value = Bool(text) else {
                throw ValueError("expected \(key.kind), got \"\(text)\"")
            }
            return value
        }
    }

    mutating func choice<Value: RawRepresentable<String> & CaseIterable>(
        _ key: ConfigurationKey, in section: ConfigurationSection
    ) -> Value? {
        parsed(key, in: section) { text throws(ValueError) in try ConfigurationNames.choice(text) }
    }

    /// A duration; `.some(nil)` stands for the word `off` where the table allows it.
    mutating func duration(_ key: ConfigurationKey, in section: ConfigurationSection) -> Duration?? {
        parsed(key, in: section) { text throws(ValueError) in
            if key.kind == .duration(mayBeOff: true), text == "off" { return nil }
            let duration = try DurationText.parse(text)
            if duration == .zero, key.path != ConfigurationKey.shutdownGrace.path {
                throw ValueError(
                    "expected a duration above zero\(key.kind == .duration(mayBeOff: true) ? ", or off" : ""), got \"\(text)\""
                )
            }
            return duration
        }
    }

    // MARK: Words

    private static func isNothing(_ scalar: Node.Scalar) -> Bool {
        scalar.style == .plain && ["", "~", "null"].contains(scalar.string)
    }

    static func describe(_ node: Node) -> String {
        switch node {
        case .scalar(let scalar): isNothing(scalar) ? "nothing" : "\"\(scalar.string)\""
        case .mapping: "a mapping"
        case .sequence: "a list"
        case .alias: "an alias"
        }
    }
}
