// Reads a report from JSON, and says what is missing where it is none.

import Capabilities

/// A file that is no report, or one of another form.
package struct ReportProblem: Error, Sendable, Equatable, CustomStringConvertible {
    package var description: String

    package init(_ description: String) { self.description = description }
}

extension Report {
    /// Reads the text of a report's file.
    package init(json bytes: some Collection<UInt8>) throws(ReportProblem) {
        let json: JSON
        do throws(JSONProblem) { json = try JSON(bytes) } catch { throw ReportProblem("this is no JSON \(error)") }
        guard json["format"] == .string(Self.formatName) else {
            throw ReportProblem("this is no report of `fairlead conform`: its \"format\" is another one")
        }
        guard json["version"] == .integer(Self.formatVersion) else {
            throw ReportProblem(
                "this report's form is another one than \(Self.formatVersion): run `fairlead conform` of this version")
        }
        let top = ReportFields(json, "report")
        guard let standing = Standing(rawValue: try top.text("standing")) else { throw top.wrong("standing") }
        guard let seed = UInt64(try top.text("seed")) else { throw top.wrong("seed") }
        self.init(
            name: try top.text("name"), standing: standing, targets: try top.list("targets", Target.init),
            against: try top.list("against", Target.init),
            capabilities: try top.named("capabilities", ManifestEntry.init(json:)),
            adapter: try top.textIfAny("adapter"), fairlead: try top.text("fairlead"), suites: try top.text("suites"),
            configuration: try top.textIfAny("configuration"), seed: seed, started: try top.text("started"),
            duration: try top.integer("milliseconds"), command: try top.text("command"),
            interruption: try top.textIfAny("interruption"), drift: try top.texts("drift"),
            cases: try top.list("cases", Entry.init))
    }
}

extension ManifestEntry {
    fileprivate init?(json: JSON) {
        guard case .string(let word)? = json["support"], let support = Support(rawValue: word) else { return nil }
        self.init(support)
        if case .object(let members)? = json["bounds"] {
            for member in members {
                guard let kind = BoundKind(rawValue: member.name), case .number(let digits) = member.value else {
                    return nil
                }
                bounds[kind] = Int(digits)
            }
        }
        if case .array(let names)? = json["weakenings"] {
            for name in names {
                guard case .string(let word) = name, let weakening = Weakening(rawValue: word) else { return nil }
                weakenings.insert(weakening)
            }
        }
    }
}

extension Report.Target {
    fileprivate init(_ fields: ReportFields) throws(ReportProblem) {
        self.init(
            wire: try fields.text("wire"), label: try fields.text("label"), product: try fields.text("product"),
            version: try fields.text("version"), features: try fields.texts("features"))
    }
}

extension Report.Entry {
    fileprivate init(_ fields: ReportFields) throws(ReportProblem) {
        guard let verdict = Verdict(rawValue: try fields.text("verdict")) else { throw fields.wrong("verdict") }
        self.init(
            id: try fields.text("id"), title: try fields.text("title"), proves: try fields.texts("proves"),
            source: try fields.text("source"), tags: try fields.texts("tags"), client: try fields.text("client"),
            verdict: verdict, reason: try fields.textIfAny("reason") ?? "",
            refusedCapability: try fields.textIfAny("refused"), declared: try fields.textIfAny("declared"),
            figures: try fields.named("figures") { member in
                if case .number(let digits) = member { Int64(digits) } else { nil }
            },
            openFigures: try fields.texts("open-figures"), duration: try fields.integerIfAny("milliseconds"),
            steps: try fields.list("steps", Report.Moment.init),
            otherSteps: try fields.list("steps-against", Report.Moment.init))
    }
}

extension Report.Moment {
    fileprivate init(_ fields: ReportFields) throws(ReportProblem) {
        self.init(
            line: Int(clamping: try fields.integer("line")), action: try fields.text("action"),
            connection: try fields.textIfAny("on") ?? Step.ownConnection, observed: try fields.textIfAny("observed"),
            problem: try fields.textIfAny("problem"), pieces: try fields.list("bytes", Report.Piece.init),
            dropped: Int(clamping: try fields.integerIfAny("dropped") ?? 0))
    }
}

extension Report.Piece {
    fileprivate init(_ fields: ReportFields) throws(ReportProblem) {
        let sent = try fields.textIfAny("sent")
        let received = try fields.textIfAny("received")
        guard let bytes = (sent ?? received).flatMap(EvidenceText.bytes) else { throw fields.wrong("bytes") }
        self.init(
            direction: sent == nil ? .received : .sent, bytes: bytes,
            count: Int(clamping: try fields.integerIfAny("of") ?? Int64(bytes.count)))
    }
}

/// The members of one object, by name.
private struct ReportFields {
    private let json: JSON
    private let place: String

    init(_ json: JSON, _ place: String) {
        self.json = json
        self.place = place
    }

    func wrong(_ name: String) -> ReportProblem {
        ReportProblem("\(place): \"\(name)\" is missing or of another type; reports are never edited by hand")
    }

    func textIfAny(_ name: String) throws(ReportProblem) -> String? {
        guard let value = json[name] else { return nil }
        guard case .string(let text) = value else { throw wrong(name) }
        return text
    }

    func text(_ name: String) throws(ReportProblem) -> String {
        guard let text = try textIfAny(name) else { throw wrong(name) }
        return text
    }

    func integerIfAny(_ name: String) throws(ReportProblem) -> Int64? {
        guard let value = json[name] else { return nil }
        guard case .number(let digits) = value, let number = Int64(digits) else { throw wrong(name) }
        return number
    }

    func integer(_ name: String) throws(ReportProblem) -> Int64 {
        guard let number = try integerIfAny(name) else { throw wrong(name) }
        return number
    }

    func texts(_ name: String) throws(ReportProblem) -> [String] {
        guard let value = json[name] else { return [] }
        guard case .array(let elements) = value else { throw wrong(name) }
        var texts: [String] = []
        for element in elements {
            guard case .string(let text) = element else { throw wrong(name) }
            texts.append(text)
        }
        return texts
    }

    func list<Element>(
        _ name: String, _ read: (ReportFields) throws(ReportProblem) -> Element
    ) throws(ReportProblem) -> [Element] {
        guard let value = json[name] else { return [] }
        guard case .array(let elements) = value else { throw wrong(name) }
        var list: [Element] = []
        for (index, element) in elements.enumerated() {
            list.append(try read(ReportFields(element, "\(place).\(name)[\(index)]")))
        }
        return list
    }

    func named<Value>(_ name: String, _ read: (JSON) -> Value?) throws(ReportProblem) -> [String: Value] {
        guard let value = json[name] else { return [:] }
        guard case .object(let members) = value else { throw wrong(name) }
        var named: [String: Value] = [:]
        for member in members {
            guard let value = read(member.value) else { throw wrong("\(name).\(member.name)") }
            named[member.name] = value
        }
        return named
    }
}
