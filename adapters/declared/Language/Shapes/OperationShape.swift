// The operations that a file can map: what goes in, what comes out, and which capability each serves.

import Capabilities

/// An operation of the language.
struct OperationShape: Sendable {
    var name: String
    var capability: Capability
    /// The names that its templates may use.
    var inputs: [Input]
    /// The fields that its answer is made from.
    var outputs: [Output]
    /// Without one of each group an answer is none.
    var needs: [[Output]]
    var text: String

    static func named(_ name: String) -> OperationShape? { places[name].map { all[$0] } }

    static let all: [OperationShape] =
        keyValue + bus + lock + queue + sequence + hash + list + set + sortedSet + object + sql

    /// The place of each in ``all``, by name.
    static let places = Dictionary(uniqueKeysWithValues: zip(all.map(\.name), all.indices))

    init(
        _ name: String, _ capability: Capability, _ inputs: [Input], _ outputs: [Output], needs: [[Output]] = [],
        _ text: String
    ) {
        self.name = name
        self.capability = capability
        self.inputs = inputs
        self.outputs = outputs
        self.needs = needs
        self.text = text
    }

    /// Whether its answer names things of the request's list, and no others.
    static func asksByName(_ inputs: [Input], _ outputs: [Output]) -> Bool {
        outputs.contains(.name) && (inputs.contains(.keys) || inputs.contains(.fields))
    }

    /// The list that it can send in one exchange with `{each …}`, in place of one exchange for each item.
    var items: EachItems? { EachItems.allCases.first { inputs.contains($0.input) } }
}
