// How names are written: which bytes may stand in them, and what becomes of others.

import Capabilities

/// The file's key `keys`.
struct KeyRules: Sendable {
    /// Which bytes may stand as they are.
    var allowed = [Bool](repeating: true, count: 256)
    var escapesOthers = false
    var separator: UInt8?
    var longest = 64 << 10
    var prefix = Template()
    /// Whether every byte may stand: nothing has to be looked at.
    var allowsAll = true

    /// `name` as the server gets it, without a prefix.
    func write(_ name: [UInt8], longest: Int, for capability: Capability) throws(Failure) -> [UInt8] {
        guard name.count <= longest, !name.isEmpty else {
            let reason = name.isEmpty ? "a name cannot be empty here" : "a name has \(longest) bytes at most here"
            throw .refused(capability, reason: reason)
        }
        if !allowsAll {
            let firstOther = name.withUnsafeBufferPointer { bytes in
                allowed.withUnsafeBufferPointer { allowed in bytes.firstIndex { !allowed[Int($0)] } }
            }
            if let firstOther {
                guard escapesOthers else {
                    let code = String(name[firstOther], radix: 16)
                    throw .refused(capability, reason: "a name cannot have the byte 0x\(code) here")
                }
                let written = escaped(name)
                guard written.count <= longest else {
                    throw .refused(capability, reason: "a name has \(longest) bytes at most here, escapes counted")
                }
                return written
            }
        }
        if let separator { try checkWords(name, separator, capability) }
        return name
    }

    /// The name that the server knows as `written`.
    func read(_ written: [UInt8]) -> [UInt8] {
        guard escapesOthers, written.contains(0x25) else { return written }
        return Codes.percentDecoded(written) ?? written
    }

    private func escaped(_ name: [UInt8]) -> [UInt8] {
        var written: [UInt8] = []
        written.reserveCapacity(name.count * 2)
        for byte in name {
            if allowed[Int(byte)] {
                written.append(byte)
            } else {
                written.append(0x25)
                written.append(Codes.hexDigits[Int(byte >> 4)])
                written.append(Codes.hexDigits[Int(byte & 15)])
            }
        }
        return written
    }

    private func checkWords(_ name: [UInt8], _ separator: UInt8, _ capability: Capability) throws(Failure) {
        var wasSeparator = true
        for byte in name {
            if byte == separator, wasSeparator { break }
            wasSeparator = byte == separator
        }
        if wasSeparator {
            let mark = String(decoding: [separator], as: UTF8.self)
            throw .refused(capability, reason: "a name cannot have an empty word between \"\(mark)\" here")
        }
    }
}
