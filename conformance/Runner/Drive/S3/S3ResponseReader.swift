// Reads HTTP/1.1 answers for the raw client, with bounds on everything that a server may send.

/// Takes answers out of received bytes (RFC 9112).
struct S3ResponseReader {
    /// Gives more bytes, or throws when there are none.
    typealias Source = () throws(DriverFailure) -> [UInt8]

    private var bytes: [UInt8] = []
    private var start = 0

    /// Bounds of one answer; a wrong server is on the other side.
    private static let lineAtMost = 64 << 10
    private static let linesAtMost = 1000
    private static let bodyAtMost = 1 << 30
    private static let interimAtMost = 16

    /// Whether no byte has come that no answer has taken.
    var isEmpty: Bool { start == bytes.count }

    /// The head of the next answer; `body` reads what belongs to it.
    mutating func head(_ more: Source) throws(DriverFailure) -> S3Response {
        let line = try line(more)
        guard let status = S3Response.status(line: line) else {
            throw malformed("an answer begins with \(ValueText.quoted(line.prefix(80)))")
        }
        var response = S3Response(status: status)
        response.closes = line.starts(with: Array("HTTP/1.0".utf8))
        for _ in 0..<Self.linesAtMost {
            let line = try self.line(more)
            if line.isEmpty {
                if let text = response.field("connection")?.lowercased() {
                    if text.contains("close") { response.closes = true }
                    if text.contains("keep-alive") { response.closes = false }
                }
                return response
            }
            guard response.add(line: line) else {
                throw malformed("a head has the line \(ValueText.quoted(line.prefix(80)))")
            }
        }
        throw malformed("a head of more than \(Self.linesAtMost) lines")
    }

    /// The next answer to a request with `method`, with the interim ones before it.
    mutating func next(method: String, _ more: Source) throws(DriverFailure) -> S3Response {
        var interim: [Int] = []
        while true {
            var response = try head(more)
            if (100...199).contains(response.status) {
                interim.append(response.status)
                guard interim.count <= Self.interimAtMost else { throw malformed("interim answers without an end") }
                continue
            }
            response.interim = interim
            try readBody(&response, method: method, more)
            return response
        }
    }

    /// Reads the body that belongs to `response`.
    mutating func readBody(_ response: inout S3Response, method: String, _ more: Source) throws(DriverFailure) {
        if method == "HEAD" || response.status == 204 || response.status == 304 { return }
        if response.field("transfer-encoding")?.lowercased().contains("chunked") ?? false {
            response.body = try chunks(more)
        } else if let text = response.field("content-length") {
            guard let count = Int(text), (0...Self.bodyAtMost).contains(count) else {
                throw malformed("the content-length is \(text)")
            }
            response.body = try take(count, more)
        } else {
            response.closes = true
            try readToEnd(&response, more)
        }
    }

    private mutating func readToEnd(_ response: inout S3Response, _ more: Source) throws(DriverFailure) {
        do throws(DriverFailure) {
            while bytes.count - start <= Self.bodyAtMost { bytes += try more() }
        } catch {
            guard error.kind == .closed else { throw error }
            response.body = Array(bytes[start...])
            start = bytes.count
            return
        }
        throw malformed("a body without an end")
    }

    private mutating func chunks(_ more: Source) throws(DriverFailure) -> [UInt8] {
        var body: [UInt8] = []
        while true {
            let line = try self.line(more)
            let digits = String(decoding: line.prefix { $0 != 0x3B && $0 != 0x20 }, as: UTF8.self)
            guard let count = Int(digits, radix: 16), (0...Self.bodyAtMost - body.count).contains(count) else {
                throw malformed("a chunk begins with \(ValueText.quoted(line.prefix(40)))")
            }
            if count == 0 { break }
            body += try take(count, more)
            guard try self.line(more).isEmpty else { throw malformed("a chunk without its end of line") }
        }
        for _ in 0..<Self.linesAtMost {
            let line = try self.line(more)
            if line.isEmpty { return body }
        }
        throw malformed("trailers without an end")
    }

    private mutating func take(_ count: Int, _ more: Source) throws(DriverFailure) -> [UInt8] {
        while bytes.count - start < count {
            do throws(DriverFailure) { bytes += try more() } catch {
                guard error.kind == .closed else { throw error }
                throw DriverFailure(.closed, "\(error.message), after \(bytes.count - start) of \(count) bytes")
            }
        }
        defer { discard(count) }
        return Array(bytes[start..<start + count])
    }

    private mutating func line(_ more: Source) throws(DriverFailure) -> [UInt8] {
        var seen = start
        while true {
            if let end = bytes[seen...].firstIndex(of: 0x0A) {
                guard end > start, bytes[end - 1] == 0x0D else { throw malformed("a line that does not end in CR LF") }
                let line = Array(bytes[start..<end - 1])
                discard(end + 1 - start)
                return line
            }
            guard bytes.count - start <= Self.lineAtMost else { throw malformed("a line of more than 64 KiB") }
            seen = bytes.count
            bytes += try more()
        }
    }

    private mutating func discard(_ count: Int) {
        start += count
        if start == bytes.count { (bytes, start) = ([], 0) }
    }

    private func malformed(_ what: String) -> DriverFailure { DriverFailure(.malformed, what) }
}
