// What a profile asks of a backend, as a configuration writes it.

import Capabilities
import Gateway
import Usage

extension [Application] {
    /// The capabilities that the applications need, each with the promises that must hold in full, as the lines of `require`.
    var requirements: [String] {
        var needs = CapabilitySet()
        var needsMilliseconds = false
        for feature in flatMap({ $0.features.keys }) {
            switch FeatureNeeds.of(feature) {
            case .capabilities(let set), .partly(let set, _): needs = needs.union(set)
            case .nothing, .refused, .untold: break
            }
            if Weakening.isOfMilliseconds(feature) { needsMilliseconds = true }
        }
        return needs.members.map { capability in
            capability == .keyValueTTL && needsMilliseconds
                ? "\(capability.name)/\(Weakening.wholeSeconds.rawValue)" : capability.name
        }
    }

    /// `require` as a configuration writes it, with what it cannot say as comments.
    package var requireSection: String {
        let unseen = compactMap { application in
            application.sampling.map { "# \(application.title): \($0)".printable + "\n" }
        }
        return unseen.joined() + "require:\n" + requirements.map { "  - \($0)\n" }.joined()
            + beyondCapabilities.map { "  # \($0): no private backend has it\n" }.joined()
    }

    /// Features that no private backend has, which a list of capabilities cannot say.
    package var beyondCapabilities: [String] {
        Set(flatMap { $0.features.keys }.filter { FeatureNeeds.of($0) == .refused }).sorted()
    }
}
