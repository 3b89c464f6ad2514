// What a file leaves out of capabilities that several operations stand for, by the operations themselves.

import Capabilities

extension AdapterDescription {
    /// Everything that a capability promises, as operations; of each group one is enough, for the others are made of it.
    private static let wholes: [Capability: [[String]]] = [
        .keyValueCompareAndSet: [["set-if-version"], ["get-versioned"], ["delete-version"]],
        .keyValueRename: [["rename"], ["rename-if-absent"]],
        .keyValueCopy: [["copy"], ["copy-if-absent"]],
        .hashGet: [["hash.get"], ["hash.all"]],
        .hashSet: [["hash.set"], ["hash.set-if-absent"]],
        .hashIncrement: [["hash.increment"], ["hash.increment-float"]],
        .listPush: [
            ["list.push-left"], ["list.push-right"], ["list.push-left-if-present"], ["list.push-right-if-present"],
        ],
        .listPop: [["list.pop-left"], ["list.pop-right"]],
        .listRange: [["list.range"], ["list.length"]],
        .listEdit: [
            ["list.set"], ["list.insert-before"], ["list.insert-after"], ["list.remove"], ["list.trim"],
        ],
        .sortedSetScore: [["sorted-set.score"], ["sorted-set.rank"], ["sorted-set.rank-from-highest"]],
        .sortedSetPop: [["sorted-set.pop-lowest"], ["sorted-set.pop-highest"]],
        .objectConditional: [
            ["object.get"], ["object.put-if-absent"], ["object.put-if-match"], ["object.delete-if-match"],
        ],
        .objectBuckets: [["bucket.create"], ["bucket.delete"], ["bucket.head"], ["bucket.list"]],
    ]

    /// Operations of a capability besides those that no file can map.
    private static let parts: [(capability: Capability, groups: [[String]], never: String)] = [
        (
            .sortedSetAdd,
            [["sorted-set.add"], ["sorted-set.add-if-absent"], ["sorted-set.update"], ["sorted-set.increment"]],
            "conditions on the score that is there and the count of changed scores are refused"
        ),
        (
            .sortedSetRange, [["sorted-set.range"]],
            "a range is read, and neither removed nor stored as a whole"
        ),
        (.busPattern, [["subscribe-prefix"]], "patterns are plain text and * at the end"),
    ]

    /// Tells it, unless the file says `partial` of a capability itself.
    mutating func leaveOutParts() {
        for capability in Capability.allCases {
            guard let groups = Self.wholes[capability], let missing = missing(groups) else { continue }
            leaveOutUntold(capability, missing)
        }
        for (capability, groups, never) in Self.parts {
            leaveOutUntold(capability, [missing(groups), never].compactMap { $0 }.joined(separator: "; "))
        }
        leaveOutNumbers()
        // Where versions are compared, the gateway's changes need a time that stays.
        if maps("set-if-version"), !maps("set-if-version-keeping-expiry") {
            leaveOutUntold(.keyValueTTL, "not mapped, and so refused: set-if-version-keeping-expiry")
            manifest.keepsExpiry = false
        }
    }

    private func missing(_ groups: [[String]]) -> String? {
        let names = groups.filter { group in !group.contains { maps($0) } }.map { $0[0] }
        return names.isEmpty ? nil : "not mapped, and so refused: \(names.joined(separator: ", "))"
    }

    /// Numbers that what is sent cannot say.
    private mutating func leaveOutNumbers() {
        for (name, input, text) in [
            ("increment", Input.amount, "only 1 is added"), ("hash.increment", .amount, "only 1 is added"),
            ("next", .amount, "numbers are reserved one by one"), ("put", .delay, "an item is never hidden at first"),
            ("release-item", .delay, "an item that is given back is not hidden"),
        ] {
            guard let operation = operations.first(where: { $0.shape.name == name }) else { continue }
            guard !operation.mentions(input.spelling), !operation.considers(input.spelling) else { continue }
            leaveOutUntold(operation.shape.capability, text, emulable: name == "increment")
        }
    }

    private mutating func leaveOutUntold(_ capability: Capability, _ what: String, emulable: Bool = false) {
        guard !manifest[capability].weakenings.contains(.partial) else { return }
        leaveOut(capability, what, emulable: emulable)
    }
}
