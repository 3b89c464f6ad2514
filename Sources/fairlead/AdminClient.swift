// Asks a running gateway's admin listener, with one plain request on a connection of its own.

import Gateway
import Glibc

/// Why the admin listener gave no answer.
struct AdminClientError: Error, CustomStringConvertible {
    let description: String
}

/// One admin listener, asked from the command line.
struct AdminClient {
    /// Where the documents' example listens.
    static let usualAddress = "127.0.0.1:9900"

    private let endpoint: Endpoint

    /// Seconds without a byte before it is given up.
    private static let patience = 10
    /// Bytes of an answer that are read.
    private static let most = 64 * 1024 * 1024

    /// - Parameter address: written as in `admin:`.
    init(_ address: String) throws { endpoint = try Endpoint.listening(address, option: "--admin") }

    /// The body of the answer to GET `path`.
    func get(_ path: String) throws -> String { try ask("GET", path) }

    /// The body of the answer to POST `path` without a body.
    func post(_ path: String) throws -> String { try ask("POST", path) }

    private func ask(_ method: String, _ path: String) throws -> String {
        let socket = try connected()
        defer { close(socket) }
        let request =
            "\(method) \(path) HTTP/1.1\r\nHost: fairlead\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
        var rest = Array(request.utf8)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { send(socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { throw failure("cannot be asked") }
            rest = rest.dropFirst(count)
        }
        var answer: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 64 * 1024)
        while true {
            let count = piece.withUnsafeMutableBytes { recv(socket, $0.baseAddress, $0.count, 0) }
            if count < 0 && errno == EINTR { continue }
            guard count >= 0 else { throw failure("did not answer") }
            if count == 0 { break }
            answer += piece.prefix(count)
            guard answer.count <= Self.most else {
                throw AdminClientError(description: "\(endpoint) answers with more than \(Self.most) bytes")
            }
        }
        return try body(of: answer)
    }

    private func body(of answer: [UInt8]) throws -> String {
        let text = String(decoding: answer, as: UTF8.self)
        let words = text.prefix { $0 != "\r\n" }.split(separator: " ")
        guard let end = text.firstRange(of: "\r\n\r\n"), words.count >= 2, words[0].hasPrefix("HTTP/1.") else {
            throw AdminClientError(description: "\(endpoint) is no admin listener: its answer is not HTTP")
        }
        let body = String(text[end.upperBound...])
        guard words[1] == "200" else {
            throw AdminClientError(
                description: "\(endpoint) answers \(words[1]): \(body.prefix(200).prefix { !$0.isNewline })")
        }
        return body
    }

    private func connected() throws -> Int32 {
        switch endpoint {
        case .unix(let path):
            let socket = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
            var address = sockaddr_un()
            address.sun_family = sa_family_t(AF_UNIX)
            let capacity = MemoryLayout.size(ofValue: address.sun_path)
            guard path.utf8.count < capacity else {
                throw AdminClientError(description: "the path \(path) is longer than a socket's may be")
            }
            withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
            let size = socklen_t(MemoryLayout<sockaddr_un>.size)
            let isConnected = withUnsafePointer(to: &address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(socket, $0, size) == 0 }
            }
            guard isConnected else { throw closing(socket, failure("cannot be reached")) }
            return patient(socket)
        case .host(let host, let port):
            var hints = addrinfo()
            hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
            var list: UnsafeMutablePointer<addrinfo>?
            // What listens on every address is reached on this machine.
            guard getaddrinfo(host == "*" ? "localhost" : host, "\(port)", &hints, &list) == 0 else {
                throw AdminClientError(description: "the name \(host) is not known")
            }
            defer { freeaddrinfo(list) }
            var next = list
            while let entry = next?.pointee {
                let socket = socket(entry.ai_family, entry.ai_socktype, entry.ai_protocol)
                if connect(socket, entry.ai_addr, entry.ai_addrlen) == 0 { return patient(socket) }
                close(socket)
                next = entry.ai_next
            }
            throw failure("cannot be reached")
        }
    }

    private func patient(_ socket: Int32) -> Int32 {
        var time = timeval(tv_sec: Self.patience, tv_usec: 0)
        setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &time, socklen_t(MemoryLayout<timeval>.size))
        setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &time, socklen_t(MemoryLayout<timeval>.size))
        return socket
    }

    private func failure(_ what: String) -> AdminClientError {
        AdminClientError(
            description: """
                the admin listener at \(endpoint) \(what): \(String(cString: strerror(errno))); name the address that the \
                gateway's admin key, or --admin, has
                """)
    }

    private func closing(_ socket: Int32, _ error: AdminClientError) -> AdminClientError {
        close(socket)
        return error
    }
}
