// What a file leaves out of a capability that it declares, told in the manifest.

import Capabilities

extension AdapterDescription {
    /// Takes back, by `partial` and a note, what of a capability the file does not map or no file can.
    ///
    /// Where the gateway can do the operations that are missing, it does them, and the effective manifest says so instead.
    mutating func tellWhatIsLeftOut() {
        leaveOut(.keyValueRange, "parts of a value are neither read nor written", emulable: true)
        leaveOut(.keyValueExchange, "a set does not give the old value", emulable: true)
        leaveOut(.queueReserve, "it does not wait for an item", emulable: false)
        let absent = maps("set-if-absent"), present = maps("set-if-present")
        if absent != present {
            let other = present ? "is not there" : "is there"
            leaveOut(.keyValueConditionalSet, "a key cannot be set only if it \(other)", emulable: false)
        }
        leaveOutTimes()
        leaveOutParts()
    }

    func maps(_ shape: String) -> Bool { operations.contains { $0.shape.name == shape } }

    /// Tells which words about times the file does not map, unless it says `partial` itself and why.
    private mutating func leaveOutTimes() {
        guard !manifest[.keyValueTTL].weakenings.contains(.partial) else { return }
        var missing: [String] = []
        for name in ["set", "set-if-absent", "set-if-present"] where maps(name) {
            let takesTime = operations.contains { $0.shape.name == name && $0.mentions(Input.expiry.spelling) }
            if !takesTime, !maps(name + "-with-expiry") { missing.append(name + "-with-expiry") }
        }
        missing += ["set-keeping-expiry", "expire", "expiry", "persist", "get-and-expire"].filter { !maps($0) }
        guard !missing.isEmpty else { return }
        leaveOut(.keyValueTTL, "not mapped, and so refused: \(missing.joined(separator: ", "))", emulable: false)
        manifest.keepsExpiry = maps("set-if-version-keeping-expiry")
    }

    mutating func leaveOut(_ capability: Capability, _ what: String, emulable: Bool) {
        var entry = manifest[capability]
        guard entry.support == .native || entry.support == .emulated else { return }
        entry.weakenings.insert(.partial)
        entry.note = entry.note.isEmpty ? what : "\(entry.note); \(what)"
        manifest[capability] = entry
        if emulable { manifest.incomplete.insert(capability) }
    }
}

extension DeclaredKeyValue {
    /// Whether the file maps `operation`; asked of those that an incomplete capability stands for.
    func performs(_ operation: KeyValueOperation) -> Bool {
        switch operation {
        case .length: maps("length")
        case .getAndDelete: maps("get-and-delete")
        case .increment(_, let amount): amount == 1 || program["increment"]?.mentioned.contains(.amount) ?? false
        case .range, .overwrite: false
        case .set(_, _, let options): !options.returnsOld
        default: true
        }
    }
}
