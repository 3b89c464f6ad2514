// Reads what an adapter promises of each capability.

import Capabilities
import Glibc

extension DescriptionReader {
    /// What the rules for times say, where the file names no bound of its own.
    mutating func boundLives() {
        var entry = description.manifest[.keyValueTTL]
        guard entry.support != .refused, entry.bounds[.expirySeconds] == nil,
            let seconds = description.expiry.longestLife(now: Int64(time(nil)))
        else { return }
        entry.bounds[.expirySeconds] = seconds
        description.manifest[.keyValueTTL] = entry
    }

    mutating func readCapability(_ entry: DocumentNode.Entry) {
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
}
