// Writes the documents that S3 answers with.

/// A document under way.
package struct S3XMLWriter: Sendable {
    package private(set) var bytes: [UInt8]

    /// Begins a document whose root is `root`, in the namespace of S3's answers.
    package init(_ root: StaticString) {
        bytes = Array("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<".utf8)
        append(root)
        bytes += Array(" xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">".utf8)
    }

    package mutating func open(_ name: StaticString) {
        bytes.append(UInt8(ascii: "<"))
        append(name)
        bytes.append(UInt8(ascii: ">"))
    }

    package mutating func close(_ name: StaticString) {
        bytes.append(UInt8(ascii: "<"))
        bytes.append(UInt8(ascii: "/"))
        append(name)
        bytes.append(UInt8(ascii: ">"))
    }

    /// The text of the element that is open.
    package mutating func text(_ text: String) { escape(Array(text.utf8)) }

    /// An element with nothing but text.
    package mutating func element(_ name: StaticString, _ text: [UInt8]) {
        open(name)
        escape(text)
        close(name)
    }

    package mutating func element(_ name: StaticString, _ text: String) { element(name, Array(text.utf8)) }
    package mutating func element(_ name: StaticString, _ number: some BinaryInteger) { element(name, String(number)) }
    package mutating func element(_ name: StaticString, _ flag: Bool) { element(name, flag ? "true" : "false") }

    /// An entity tag in its quotes.
    package mutating func tag(_ etag: [UInt8]) { element("ETag", [0x22] + etag + [0x22]) }

    private mutating func append(_ name: StaticString) {
        bytes.append(contentsOf: UnsafeBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount))
    }

    /// XML 1.0, 2.4; control characters become references, as S3 itself writes them, and what is not UTF-8 is replaced.
    private mutating func escape(_ text: [UInt8]) {
        let isPlain = text.allSatisfy {
            $0 >= 0x20 && $0 < 0x7F && $0 != 0x26 && $0 != 0x3C && $0 != 0x3E && $0 != 0x22
        }
        if isPlain {
            bytes += text
            return
        }
        for scalar in String(decoding: text, as: UTF8.self).unicodeScalars {
            switch scalar {
            case "&": bytes += Array("&amp;".utf8)
            case "<": bytes += Array("&lt;".utf8)
            case ">": bytes += Array("&gt;".utf8)
            case "\"": bytes += Array("&quot;".utf8)
            case "\u{0}"..."\u{1F}": bytes += Array("&#x\(String(scalar.value, radix: 16, uppercase: true));".utf8)
            default: bytes += Array(String(scalar).utf8)
            }
        }
    }
}
