// Composes the bytes of an S3 error response when the gateway has to answer in the backend's place.

import Wire

/// An error response with the XML document of S3; everything a peer sent is escaped and bounded in it.
package struct S3ErrorReply: Sendable, Equatable {
    package var error: S3ErrorCode
    /// What went wrong and with which backend, for a person.
    package var message: String
    /// The path of the request as it came; empty when it is not known.
    package var resource: [UInt8]
    /// Names the request in the gateway's logs.
    package var requestID: String
    /// Whether the method of the request was HEAD, so that no body may follow.
    package var answersHead: Bool
    /// Whether the gateway closes the client's connection after the reply.
    package var closes: Bool
    /// Further elements of the document.
    package var details: [S3Refusal.Detail]
    /// Further fields of the head, each with its line end.
    package var fields: [UInt8]

    package init(
        _ error: S3ErrorCode, message: String, resource: [UInt8] = [], requestID: String = "",
        answersHead: Bool = false, closes: Bool = true, details: [S3Refusal.Detail] = [], fields: [UInt8] = []
    ) {
        self.error = error
        self.message = message
        self.resource = resource
        self.requestID = requestID
        self.answersHead = answersHead
        self.closes = closes
        self.details = details
        self.fields = fields
    }

    /// The whole response.
    ///
    /// A reply to HEAD has the length of the document and not the document, RFC 9110 section 9.3.2.
    package var bytes: [UInt8] {
        let document = self.document
        var head = "HTTP/1.1 \(error.status) \(error.reason)\r\n"
        if !requestID.isEmpty { head += "x-amz-request-id: \(fieldValue(requestID))\r\n" }
        head += "Content-Type: application/xml\r\nContent-Length: \(document.count)\r\n"
        // The document that would say what is missing stays away; the client's log has the head.
        if answersHead, error == .notImplemented { head += "x-fairlead-refusal: \(fieldText(message))\r\n" }
        if error == .methodNotAllowed { head += "Allow: GET, HEAD, PUT, POST, DELETE, OPTIONS\r\n" }
        if closes { head += "Connection: close\r\n" }
        let bytes = Array(head.utf8) + fields + [S3Byte.carriageReturn, S3Byte.lineFeed]
        return answersHead ? bytes : bytes + document
    }

    private var document: [UInt8] {
        var xml = Array("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>\(error.code)</Code><Message>".utf8)
        append(message, limit: S3Limits.errorMessage, to: &xml)
        xml += Array("</Message>".utf8)
        for detail in details {
            xml += Array("<\(detail.name)>".utf8)
            append(String(decoding: detail.value, as: UTF8.self), limit: S3Limits.errorDetail, to: &xml)
            xml += Array("</\(detail.name)>".utf8)
        }
        xml += Array("<Resource>".utf8)
        append(
            String(decoding: resource.prefix(S3Limits.errorResource.maximum), as: UTF8.self),
            limit: S3Limits.errorResource, to: &xml)
        xml += Array("</Resource><RequestId>".utf8)
        append(requestID, limit: S3Limits.errorMessage, to: &xml)
        xml += Array("</RequestId></Error>".utf8)
        return xml
    }

    /// Appends at most the limit's bytes of `text` as XML character data, XML 1.0 sections 2.2 and 2.4.
    private func append(_ text: String, limit: Limit, to xml: inout [UInt8]) {
        var length = 0
        for scalar in text.unicodeScalars {
            length += UTF8.width(scalar)
            guard limit.allows(length) else { return }
            switch scalar {
            case "&": xml += Array("&amp;".utf8)
            case "<": xml += Array("&lt;".utf8)
            case ">": xml += Array("&gt;".utf8)
            case "\"": xml += Array("&quot;".utf8)
            case "'": xml += Array("&apos;".utf8)
            case "\t", "\n", "\r": xml.append(S3Byte.space)
            case "\u{0}"..."\u{1F}", "\u{FFFE}", "\u{FFFF}": xml += Array("\u{FFFD}".utf8)
            default: xml += Array(String(scalar).utf8)
            }
        }
    }

    /// The beginning of `text` as a field's value: visible ASCII and single spaces, RFC 9110 section 5.5.
    private func fieldText(_ text: String) -> String {
        String(decoding: text.utf8.prefix(512).map { $0 >= 0x20 && $0 < 0x7F ? $0 : 0x20 }, as: UTF8.self)
    }

    /// `text` without what would end or break a field line.
    private func fieldValue(_ text: String) -> String {
        String(decoding: text.utf8.prefix(128).filter { $0 > 0x20 && $0 < 0x7F }, as: UTF8.self)
    }
}
