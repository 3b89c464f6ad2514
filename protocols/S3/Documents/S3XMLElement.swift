// Reads the small documents that requests of S3 carry.

import Wire

/// An element of a document, with its children and the text between them.
package struct S3XMLElement: Sendable, Equatable {
    /// Without a namespace's prefix.
    package var name: [UInt8]
    package var text: [UInt8] = []
    package var children: [S3XMLElement] = []

    /// Whether the element is called `name`.
    package func isNamed(_ name: StaticString) -> Bool { S3Request.equals(self.name, name) }

    /// The first child called `name`.
    package func child(_ name: StaticString) -> S3XMLElement? { children.first { $0.isNamed(name) } }

    /// The text of the first child called `name`, without the white space around it.
    package func text(_ name: StaticString) -> [UInt8]? { child(name).map { $0.trimmed } }

    /// The text without the white space around it.
    package var trimmed: [UInt8] {
        let isSpace = { (byte: UInt8) in byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D }
        return Array(text.drop(while: isSpace).reversed().drop(while: isSpace).reversed())
    }

    /// The root of the document in `bytes`; throws `MalformedXML`.
    ///
    /// Entities other than the five of XML 1.0, 4.6 are refused, and with them documents that define any; bounds are
    /// those of ``S3Limits``.
    package static func parse(_ bytes: [UInt8]) throws(S3Refusal) -> S3XMLElement {
        guard S3Limits.document.allows(bytes.count) else {
            throw S3Refusal(.maxMessageLengthExceeded, "a document of more than \(S3Limits.document.maximum) bytes")
        }
        var parser = S3XMLParser(bytes)
        // No version of XML has a zero byte, and a key with one could not be told back.
        guard !bytes.contains(0) else { throw parser.malformed("a zero byte") }
        return try parser.document()
    }
}

/// The position in a document that is being read.
private struct S3XMLParser {
    private let bytes: [UInt8]
    private var index = 0
    private var elements = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    func malformed(_ what: String) -> S3Refusal {
        S3Refusal(.malformedXML, "the document is not well formed or not what this request takes: \(what)")
    }

    mutating func document() throws(S3Refusal) -> S3XMLElement {
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { index = 3 }
        try skipMisc()
        guard index < bytes.count, bytes[index] == UInt8(ascii: "<") else { throw malformed("no root element") }
        let root = try element(depth: 1)
        try skipMisc()
        guard index == bytes.count else { throw malformed("something behind the root element") }
        return root
    }

    private func starts(_ text: StaticString) -> Bool {
        index + text.utf8CodeUnitCount <= bytes.count
            && bytes.span.equals(text, in: index..<index + text.utf8CodeUnitCount)
    }

    private mutating func skip(past text: StaticString) throws(S3Refusal) {
        while !starts(text) {
            guard index < bytes.count else { throw malformed("expected \(text)") }
            index += 1
        }
        index += text.utf8CodeUnitCount
    }

    private mutating func skipSpace() {
        while index < bytes.count, isSpace(bytes[index]) { index += 1 }
    }

    private func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D }

    /// White space, comments and instructions.
    private mutating func skipMisc() throws(S3Refusal) {
        while true {
            skipSpace()
            if starts("<?") {
                try skip(past: "?>")
            } else if starts("<!--") {
                try skip(past: "-->")
            } else if starts("<!") {
                throw malformed("a document type")
            } else {
                return
            }
        }
    }

    private mutating func name() throws(S3Refusal) -> [UInt8] {
        let start = index
        while index < bytes.count, isName(bytes[index]) { index += 1 }
        guard index > start else { throw malformed("expected a name") }
        return Array(bytes[start..<index])
    }

    private func isName(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x3A, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F, 0x80...0xFF: true
        default: false
        }
    }

    private mutating func element(depth: Int) throws(S3Refusal) -> S3XMLElement {
        elements += 1
        guard S3Limits.documentDepth.allows(depth), S3Limits.documentElements.allows(elements) else {
            throw malformed("too many elements")
        }
        index += 1
        let qualified = try name()
        let local = qualified.split(separator: S3Byte.colon, omittingEmptySubsequences: false).last.map(Array.init)
        var element = S3XMLElement(name: local ?? qualified)
        guard try attributes() else { return element }
        while true {
            guard index < bytes.count else { throw malformed("an element without an end") }
            if starts("</") {
                index += 2
                guard try name() == qualified else { throw malformed("another element's end") }
                skipSpace()
                guard starts(">") else { throw malformed("expected >") }
                index += 1
                return element
            } else if starts("<!--") {
                try skip(past: "-->")
            } else if starts("<![CDATA[") {
                let start = index + 9
                try skip(past: "]]>")
                element.text += bytes[start..<index - 3]
            } else if starts("<?") {
                try skip(past: "?>")
            } else if bytes[index] == UInt8(ascii: "<") {
                element.children.append(try self.element(depth: depth + 1))
            } else if bytes[index] == UInt8(ascii: "&") {
                try reference(to: &element.text)
            } else {
                element.text.append(bytes[index])
                index += 1
            }
        }
    }

    /// Passes the attributes; false when the element ends with them.
    private mutating func attributes() throws(S3Refusal) -> Bool {
        while true {
            skipSpace()
            if starts("/>") {
                index += 2
                return false
            }
            if starts(">") {
                index += 1
                return true
            }
            _ = try name()
            skipSpace()
            guard starts("=") else { throw malformed("expected = in an attribute") }
            index += 1
            skipSpace()
            guard index < bytes.count, bytes[index] == 0x22 || bytes[index] == 0x27 else {
                throw malformed("expected a quoted attribute")
            }
            let quote = bytes[index]
            index += 1
            while index < bytes.count, bytes[index] != quote, bytes[index] != UInt8(ascii: "<") { index += 1 }
            guard index < bytes.count, bytes[index] == quote else { throw malformed("an attribute without an end") }
            index += 1
        }
    }

    private mutating func reference(to text: inout [UInt8]) throws(S3Refusal) {
        guard let end = bytes[index...].prefix(12).firstIndex(of: S3Byte.semicolon) else {
            throw malformed("an entity without an end")
        }
        let name = String(decoding: bytes[index + 1..<end], as: UTF8.self)
        index = end + 1
        switch name {
        case "amp": text.append(UInt8(ascii: "&"))
        case "lt": text.append(UInt8(ascii: "<"))
        case "gt": text.append(UInt8(ascii: ">"))
        case "quot": text.append(0x22)
        case "apos": text.append(0x27)
        default:
            let isHexadecimal = name.hasPrefix("#x")
            guard name.hasPrefix("#"),
                let value = UInt32(name.dropFirst(isHexadecimal ? 2 : 1), radix: isHexadecimal ? 16 : 10), value > 0,
                let scalar = Unicode.Scalar(value)
            else { throw malformed("an entity that is not one of XML's five") }
            text += Array(String(scalar).utf8)
        }
    }
}
