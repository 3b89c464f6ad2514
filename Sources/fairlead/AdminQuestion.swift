// Asks the admin listener of a running gateway.

import Glibc

/// Why the admin listener could not be asked.
struct AdminQuestionError: Error, CustomStringConvertible {
    let description: String
}

/// One request to an admin listener, for commands that show what a running gateway knows.
enum AdminQuestion {
    /// Where the documents' example listens.
    static let usualAddress = "127.0.0.1:9900"
    /// Seconds without a byte.
    private static let patience = 10
    private static let longest = 64 << 20

    /// The body of the answer to GET `path`; `address` is a port, `host:port` or `unix:PATH`.
    static func get(_ path: String, at address: String) throws(AdminQuestionError) -> String {
        let descriptor = try connect(to: address)
        defer { close(descriptor) }
        var time = timeval(tv_sec: patience, tv_usec: 0)
        for option in [SO_RCVTIMEO, SO_SNDTIMEO] {
            setsockopt(descriptor, SOL_SOCKET, option, &time, socklen_t(MemoryLayout<timeval>.size))
        }
        let request = Array("GET \(path) HTTP/1.1\r\nHost: fairlead\r\nConnection: close\r\n\r\n".utf8)
        guard send(descriptor, request, request.count, Int32(truncatingIfNeeded: MSG_NOSIGNAL)) == request.count else {
            throw failed(address)
        }
        var answer: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while answer.count < longest {
            let count = recv(descriptor, &chunk, chunk.count, 0)
            guard count >= 0 else { throw failed(address) }
            if count == 0 { break }
            answer += chunk[..<count]
        }
        return try body(of: answer, path, address)
    }

    private static func body(
        of answer: [UInt8], _ path: String, _ address: String
    ) throws(AdminQuestionError) -> String {
        let text = String(decoding: answer, as: UTF8.self)
        guard text.hasPrefix("HTTP/1.1 "), let end = text.firstRange(of: "\r\n\r\n") else {
            throw AdminQuestionError(description: "what answers at \(address) is no admin listener of Fairlead")
        }
        let head = text[..<end.lowerBound]
        let status = head.dropFirst("HTTP/1.1 ".count).prefix(3)
        guard status == "200" else {
            throw AdminQuestionError(description: "\(address) answered \(path) with status \(status)")
        }
        return String(text[end.upperBound...])
    }

    private static func failed(_ address: String) -> AdminQuestionError {
        AdminQuestionError(
            description: """
                cannot ask the admin listener at \(address): \(String(cString: strerror(errno))); name the address that the \
                gateway's admin key, or --admin, has
                """)
    }

    private static func connect(to address: String) throws(AdminQuestionError) -> Int32 {
        if address.hasPrefix("unix:") { return try connect(path: String(address.dropFirst(5)), address) }
        let parts = address.split(separator: ":", omittingEmptySubsequences: false)
        let port = String(parts.last ?? "")
        var host = parts.dropLast().joined(separator: ":")
        if host.hasPrefix("["), host.hasSuffix("]") { host = String(host.dropFirst().dropLast()) }
        if host.isEmpty { host = "127.0.0.1" }
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(host, port, &hints, &list) == 0 else {
            throw AdminQuestionError(description: "expected host:port, a port or unix:PATH, got \"\(address)\"")
        }
        defer { freeaddrinfo(list) }
        var next = list
        while let info = next?.pointee {
            let descriptor = socket(info.ai_family, info.ai_socktype, info.ai_protocol)
            if descriptor >= 0, Glibc.connect(descriptor, info.ai_addr, info.ai_addrlen) == 0 { return descriptor }
            if descriptor >= 0 { close(descriptor) }
            next = info.ai_next
        }
        throw failed(address)
    }

    private static func connect(path: String, _ address: String) throws(AdminQuestionError) -> Int32 {
        var name = sockaddr_un()
        name.sun_family = sa_family_t(AF_UNIX)
        let bytes = Array(path.utf8)
        guard !bytes.isEmpty, bytes.count < MemoryLayout.size(ofValue: name.sun_path) else {
            throw AdminQuestionError(
                description: "expected a path of at most 107 bytes after unix:, got \"\(address)\"")
        }
        withUnsafeMutableBytes(of: &name.sun_path) { $0.copyBytes(from: bytes) }
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        let code = withUnsafePointer(to: name) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard code == 0 else {
            defer { close(descriptor) }
            throw failed(address)
        }
        return descriptor
    }
}
