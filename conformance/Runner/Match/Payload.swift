// The bytes that a suite writes down: plain text, or a tag that says how they are made.

import Digest

/// Turns what a suite writes into bytes.
package enum Payload {
    /// The tags that make bytes.
    package static let tags: Set<String> = ["hex", "base64", "bytes", "fill", "random", "join"]

    /// The most bytes that one payload may have: twice what a Redis string or a part of an upload can.
    private static let largest: Int64 = 1 << 30
    /// Payloads inside payloads.
    private static let deepest = 8

    /// The bytes of `tree`; of plain text its UTF-8.
    package static func bytes(_ tree: Tree) throws(SuiteProblem) -> [UInt8] { try bytes(tree, depth: 0) }

    private static func bytes(_ tree: Tree, depth: Int) throws(SuiteProblem) -> [UInt8] {
        guard depth < deepest else { throw SuiteProblem(tree, "payloads are nested more than \(deepest) deep") }
        switch tree.tag {
        case nil: return Array(try text(tree).utf8)
        case "hex":
            guard let bytes = bytesOfHexadecimal(try text(tree).utf8.filter { $0 != 0x20 }) else {
                throw SuiteProblem(tree, "!hex takes pairs of hexadecimal digits")
            }
            return bytes
        case "base64":
            guard let bytes = bytesOfBase64(try text(tree).utf8) else { throw SuiteProblem(tree, "this is not Base64") }
            return bytes
        case "bytes":
            var bytes: [UInt8] = []
            for scalar in try text(tree).unicodeScalars {
                guard let byte = UInt8(exactly: scalar.value) else {
                    throw SuiteProblem(tree, "!bytes takes characters up to \\xff: each is one byte")
                }
                bytes.append(byte)
            }
            return bytes
        case "fill": return try fill(tree, depth: depth)
        case "random": return try random(tree)
        case "join":
            guard let list = tree.list else { throw SuiteProblem(tree, "!join takes a list") }
            var joined: [UInt8] = []
            for part in list { joined += try bytes(part, depth: depth + 1) }
            return joined
        case let tag?: throw SuiteProblem(tree, "!\(tag) does not make bytes: use one of \(tags.sorted())")
        }
    }

    /// Whether `tree` writes bytes down.
    package static func isPayload(_ tree: Tree) -> Bool { tree.tag.map { tags.contains($0) } ?? (tree.text != nil) }

    /// Looks at a payload when its file is loaded, where variables still stand in it.
    package static func check(_ tree: Tree) throws(SuiteProblem) {
        guard !Variables.appear(in: tree) else {
            guard isPayload(tree) else { throw SuiteProblem(tree, "this does not make bytes") }
            return
        }
        // Large ones are made when they are needed; what they are made of is looked at here.
        if tree.tag == "fill" || tree.tag == "random" { _ = try size(tree) } else { _ = try bytes(tree) }
    }

    private static func text(_ tree: Tree) throws(SuiteProblem) -> String {
        guard let text = tree.text else { throw SuiteProblem(tree, "text is expected here") }
        return text
    }

    private static func size(_ tree: Tree) throws(SuiteProblem) -> Int {
        guard let size = tree["size"]?.integer, (0...largest).contains(size) else {
            throw SuiteProblem(tree, "size: takes a whole number from 0 to \(largest)")
        }
        return Int(size)
    }

    private static func fill(_ tree: Tree, depth: Int) throws(SuiteProblem) -> [UInt8] {
        let size = try size(tree)
        guard let unit = tree["text"] else { throw SuiteProblem(tree, "!fill takes text: and size:") }
        let pattern = try bytes(unit, depth: depth + 1)
        guard !pattern.isEmpty else { throw SuiteProblem(tree, "!fill takes text of one byte at least") }
        if pattern.count == 1 { return Array(repeating: pattern[0], count: size) }
        return Array(unsafeUninitializedCapacity: size) { buffer, count in
            for place in 0..<size { buffer.initializeElement(at: place, to: pattern[place % pattern.count]) }
            count = size
        }
    }

    private static func random(_ tree: Tree) throws(SuiteProblem) -> [UInt8] {
        let size = try size(tree)
        guard let seed = tree["seed"]?.integer else { throw SuiteProblem(tree, "!random takes seed: and size:") }
        var generator = SeededGenerator(seed: UInt64(bitPattern: seed))
        return Array(unsafeUninitializedCapacity: size) { buffer, count in
            var place = 0
            while place < size {
                var word = generator.next()
                for _ in 0..<min(8, size - place) {
                    buffer.initializeElement(at: place, to: UInt8(truncatingIfNeeded: word))
                    word >>= 8
                    place += 1
                }
            }
            count = size
        }
    }
}

/// Numbers that follow from a seed: SplitMix64 (Steele, Lea, Flood: "Fast splittable pseudorandom number generators", 2014).
package struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    package init(seed: UInt64) { state = seed }

    package mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
