// What is known of a candidate beyond its report, told by whoever knows its adapter.

/// Facts that no case and no manifest states.
package struct CandidateFacts {
    /// Why the candidate refuses a feature, such as `postgres.feature.lateral`, by name; nil where it does not, or nothing tells.
    package var refusal: (String) -> String?
    /// Whether it takes a key of no bytes; nil where nothing tells.
    package var takesEmptyKeys: Bool?

    package init(takesEmptyKeys: Bool? = nil, refusal: @escaping (String) -> String? = { _ in nil }) {
        self.takesEmptyKeys = takesEmptyKeys
        self.refusal = refusal
    }
}
