// What a server has answered: a status, fields, and a body that is at hand or still to come.

import S3Wire
import Wire

struct S3MigrationReply: Sendable {
    let status: Int
    /// Names in lower case, values without the blanks around them.
    let fields: [(name: [UInt8], value: [UInt8])]
    /// The length that the head announces, also where no body follows.
    let length: Int64?
    var body: [UInt8] = []

    init(_ head: S3ResponseHead, _ bytes: [UInt8]) {
        status = Int(head.status)
        length = head.contentLength.map(Int64.init)
        var fields: [(name: [UInt8], value: [UInt8])] = []
        let span = bytes.span
        var end = 0
        while end < span.count, span[end] != 0x0A { end += 1 }
        var cursor = S3FieldCursor(at: min(end + 1, span.count), side: .server)
        // The head was parsed before: no line of it is bad.
        while let field = try? cursor.next(span) {
            fields.append((span.array(field.name).map { $0 &- 0x41 < 26 ? $0 | 0x20 : $0 }, span.array(field.value)))
        }
        self.fields = fields
    }

    func field(_ name: StaticString) -> [UInt8]? {
        fields.first { S3Request.equals($0.name, name) }?.value
    }

    /// Without its quotes; nil when none is told.
    var etag: [UInt8]? {
        guard var tag = field("etag") else { return nil }
        if tag.starts(with: Array("W/".utf8)) { tag.removeFirst(2) }
        return tag.filter { $0 != 0x22 }
    }

    /// Whether the body is that range of the object's bytes; RFC 9110, 15.3.7, and `rclone serve s3` 1.75, which says so with
    /// a 200.
    func holds(_ range: ClosedRange<Int64>) -> Bool {
        guard status != 206 else { return true }
        let words = Array("bytes \(range.lowerBound)-\(range.upperBound)/".utf8)
        return status == 200 && field("content-range")?.starts(with: words) == true
    }

    var isSuccess: Bool { (200..<300).contains(status) }

    /// The server is out of breath; the same may be asked once more.
    var isTransient: Bool { status == 429 || status == 500 || (502...504).contains(status) }

    /// The code of an error in the body; nil where there is none.
    var code: String? {
        guard let root = try? S3XMLElement.parse(body), root.isNamed("Error"), let code = root.text("Code") else {
            return nil
        }
        return String(decoding: code, as: UTF8.self)
    }

    /// Such as `403 AccessDenied`.
    var summary: String { code.map { "\(status) \($0)" } ?? "\(status)" }
}
