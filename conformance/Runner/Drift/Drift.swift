// Drift: where the manifest, or a file of departures, says one thing and the verdicts another.

import Capabilities

extension Report {
    /// Compares every verdict with what is declared, and says what does not go together; sets the report's standing.
    ///
    /// Declared is what the manifest says of a capability, and what `departures` says of a case. A case that fails without
    /// that is drift. So is a declaration that is not needed, because it would hide the next failure: a capability that is
    /// refused and works, a departure that departs no more.
    package mutating func judge(_ departures: Departures = Departures()) {
        drift = []
        for index in cases.indices {
            cases[index].declared = declaration(for: cases[index], departures)
            if let problem = surprise(cases[index]) { drift.append(problem) }
        }
        for capability in Capability.allCases where !capabilities.isEmpty {
            drift += CapabilityEvidence(capability, in: self).drift
        }
        for departure in departures.list {
            let held = cases.filter { departure.holds($0) && $0.verdict != .skipped }
            guard !held.isEmpty, !held.contains(where: { $0.verdict == departure.verdict }) else { continue }
            drift.append("\(departure.pattern) is declared to be \(departure.verdict.rawValue) and is not: take it out")
        }
        standing = drift.isEmpty && interruption == nil ? .passed : .failed
    }

    /// Why the verdict was to be expected; nil when nothing says so, or nothing has to.
    private func declaration(for entry: Entry, _ departures: Departures) -> String? {
        guard [.differs, .refused, .failed].contains(entry.verdict) else { return nil }
        if entry.verdict == .refused, let name = entry.refusedCapability, !capabilities.isEmpty {
            if Capability(rawValue: name) == nil {
                // A command that the translator does not have; the manifest says nothing of it, unless of what it is for.
                if !entry.proves.contains(where: isProvided) { return "the translator refuses \(name)" }
            } else if !isProvided(name) {
                return "the manifest refuses \(name)"
            } else if let weakening = weakening(of: name, in: entry) ?? partial(name) {
                // What cannot be promised may be refused instead of done by halves; what is there in part is refused by name in every case
                // that wants the other part.
                return "the manifest weakens \(name): \(weakening.rawValue)"
            }
        }
        if let kind = entry.shortBound, let found = entry.figures[kind.rawValue],
            let name = entry.proves.first(where: { capabilities[$0]?.bounds[kind].map { Int64($0) } == found })
        {
            return "the manifest bounds \(name): \(kind.rawValue) \(found)"
        }
        if entry.verdict == .differs, let refusal = boundedValues(in: entry) { return refusal }
        if entry.verdict == .differs {
            for name in entry.proves {
                if capabilities[name]?.support == .ignored { return "the manifest ignores \(name)" }
                if let weakening = weakening(of: name, in: entry) {
                    return "the manifest weakens \(name): \(weakening.rawValue)"
                }
            }
        }
        return departures.list.first { $0.verdict == entry.verdict && $0.holds(entry) }?.why
    }

    /// The weakening of the capability called `name` that the case is about, if the manifest has it.
    private func weakening(of name: String, in entry: Entry) -> Weakening? {
        capabilities[name].flatMap { declared in
            Weakening.allCases.first { declared.weakenings.contains($0) && entry.tags.contains($0.rawValue) }
        }
    }

    /// `partial`, where the manifest weakens the capability called `name` so.
    private func partial(_ name: String) -> Weakening? {
        capabilities[name]?.weakenings.contains(.partial) ?? false ? .partial : nil
    }

    /// Where a case uses larger values than the manifest allows, and was told so by the bound that stands there.
    private func boundedValues(in entry: Entry) -> String? {
        for capability in Capability.allCases {
            guard let bound = capabilities[capability.name]?.bounds[.valueBytes],
                entry.reason.contains(" holds values of up to \(bound) bytes, ")
            else { continue }
            return "the manifest bounds \(capability.name): value-bytes \(bound)"
        }
        return nil
    }

    /// Whether the manifest says that the backend has the capability called `name`.
    private func isProvided(_ name: String) -> Bool {
        guard let support = capabilities[name]?.support else { return false }
        return support == .native || support == .emulated
    }

    private func surprise(_ entry: Entry) -> String? {
        guard [.differs, .refused, .failed].contains(entry.verdict), entry.declared == nil else { return nil }
        if entry.verdict == .refused, let name = entry.refusedCapability, let entryOfName = capabilities[name] {
            let said = entry.reason.isEmpty ? "" : ": \(entry.reason)"
            return "\(name) is declared \(entryOfName.support.rawValue) and refused: \(entry.id)\(said)"
        }
        let claims = entry.proves.filter(isProvided).map { name in
            "\(name) is declared \(capabilities[name]?.support.rawValue ?? "")"
        }
        let verdict = entry.verdict == .failed ? "fails" : entry.verdict == .differs ? "differs" : "is refused"
        let said = claims.isEmpty ? "" : "\(claims.joined(separator: ", ")) and fails: "
        return "\(said)\(entry.id) \(verdict): \(entry.reason)"
    }
}

/// What the cases of a report say of one capability.
struct CapabilityEvidence {
    let capability: Capability
    let declared: ManifestEntry
    /// Whether `declared` tells bounds.
    let knowsBounds: Bool
    /// The cases that prove it and were run.
    let cases: [Report.Entry]

    init(_ capability: Capability, in report: Report) {
        self.capability = capability
        declared = report.capabilities[capability.name] ?? ManifestEntry(.refused)
        knowsBounds = !report.isToldByWire
        cases = report.cases.filter { $0.verdict != .skipped && $0.proves.contains(capability.name) }
    }

    /// Every case that was run is identical.
    ///
    /// A case that expects a refusal is identical too, so that one alone would prove nothing; but where something is
    /// refused, those that use it are not.
    var works: Bool { !cases.isEmpty && cases.allSatisfy { $0.verdict == .identical } }

    /// The smallest limit that was found of each kind, and whether a search ended without finding one.
    var limits: [BoundKind: (value: Int64, isOpen: Bool)] {
        var limits: [BoundKind: (value: Int64, isOpen: Bool)] = [:]
        for entry in cases {
            for (name, value) in entry.figures {
                guard let kind = BoundKind(rawValue: name) else { continue }
                if let known = limits[kind], known.value <= value { continue }
                limits[kind] = (value, entry.openFigures.contains(name))
            }
        }
        return limits
    }

    var drift: [String] {
        let name = capability.name
        switch declared.support {
        case .refused, .ignored:
            return works ? ["\(name) is declared \(declared.support.rawValue) and works in all its cases"] : []
        case .native, .emulated: break
        }
        guard knowsBounds else { return [] }
        return BoundKind.allCases.compactMap { kind -> String? in
            guard let found = limits[kind] else { return nil }
            switch declared.bounds[kind] {
            case let bound? where found.value < bound && !found.isOpen:
                return "\(name) declares \(kind.rawValue) up to \(bound), and \(found.value) is the most that works"
            case let bound? where found.value > bound:
                return "\(name) declares \(kind.rawValue) up to \(bound), and \(found.value) works"
            case nil where !found.isOpen:
                return "\(name) declares no bound of \(kind.rawValue), and \(found.value) is the most that works"
            default: return nil
            }
        }
    }
}
