// A request as its bytes go out.

extension S3Signer {
    /// Bytes of one chunk of HTTP's chunked coding.
    private static let chunk = 16 << 10

    /// The signed head of `request` to `target`, and its body.
    func bytes(
        of request: S3Request, form: S3Form?, for target: Target, isChunked: Bool, waits: Bool
    ) -> (head: [UInt8], body: [UInt8]) {
        var request = request
        if request.field("host") == nil { request.fields.insert(.init("Host", target.s3Host), at: 0) }
        let signed = form.map { sign(request, form: $0) } ?? sign(request)
        request = signed.request
        var body = signed.body
        if waits { request.fields.append(.init("Expect", "100-continue")) }
        if isChunked {
            request.fields.append(.init("Transfer-Encoding", "chunked"))
            body = Self.chunked(body)
        } else if !body.isEmpty || ["PUT", "POST"].contains(request.method), !rules.omitted.contains("content-length") {
            request.addIfAbsent("Content-Length", "\(body.count)")
        }
        var head = Array("\(request.method) \(request.target) HTTP/1.1\r\n".utf8)
        for field in request.fields { head += Array("\(field.name): ".utf8) + field.value + [0x0D, 0x0A] }
        return (head + [0x0D, 0x0A], body)
    }

    private static func chunked(_ body: [UInt8]) -> [UInt8] {
        var coded: [UInt8] = []
        for start in stride(from: 0, to: body.count, by: chunk) {
            let piece = body[start..<min(start + chunk, body.count)]
            coded += Array("\(String(piece.count, radix: 16))\r\n".utf8) + piece + [0x0D, 0x0A]
        }
        return coded + Array("0\r\n\r\n".utf8)
    }
}

extension Target {
    /// What stands in the Host field: the port only where it is not the scheme's own.
    var s3Host: String {
        let host = self.host.contains(":") ? "[\(self.host)]" : self.host
        return port == (isTLS ? 443 : 80) ? host : "\(host):\(port)"
    }
}
