// A server of HTTP that expects requests, in their order, and has an answer for each.

import Synchronization
import TestSupport
import Testing

@testable import DeclaredAdapter

/// What is asked and what is answered.
struct HTTPDialogue: Sendable {
    struct Exchange: Sendable {
        /// `METHOD target`, then lines that the head has to have, then a space and the body if there is one.
        var request: String
        var fields: [String] = []
        var body = ""
        var status = "200 OK"
        var answerFields = ""
        var answer = ""
        /// The length that the answer announces, of one to HEAD.
        var length: Int?
    }

    var file: String
    var exchanges: [Exchange]

    /// Runs `body` against the server, which has to have answered every request at its end.
    func run(_ body: @escaping @Sendable (DeclaredRig) async throws -> Void) async throws {
        let exchanges = exchanges
        let answered = Counter()
        let server = try ScriptedServer { connection, _ in
            for exchange in exchanges.dropFirst(answered.count.load(ordering: .relaxed)) {
                guard let line = try? connection.readLine() else { return }
                #expect(line.replacing("\r", with: "") == exchange.request + " HTTP/1.1")
                var fields: [String] = []
                while true {
                    let field = try connection.readLine().replacing("\r", with: "")
                    if field.isEmpty { break }
                    fields.append(field)
                }
                for field in exchange.fields { #expect(fields.contains(field), "\(fields)") }
                let length = fields.first { $0.hasPrefix("Content-Length: ") }.flatMap { Int($0.dropFirst(16)) } ?? 0
                #expect(try String(decoding: connection.read(length), as: UTF8.self) == exchange.body)
                let size = exchange.length ?? exchange.answer.utf8.count
                answered.count.add(1, ordering: .relaxed)
                try connection.send(
                    "HTTP/1.1 \(exchange.status)\r\n\(exchange.answerFields)Content-Length: \(size)\r\n\r\n\(exchange.answer)"
                )
            }
            let more = try? connection.readLine()
            #expect(more == nil, "asked besides: \(more ?? "")")
        }
        defer { server.stop() }
        let file = try DeclaredAdapterFile.parse(file, source: "dialogue.yaml")
        try await DeclaredRig.run(file, url: "http://127.0.0.1:\(server.port)", body)
        #expect(answered.count.load(ordering: .relaxed) == exchanges.count, "requests were left unasked")
    }

    private final class Counter: Sendable { let count = Atomic(0) }
}

extension DeclaredRig {
    /// How a call about objects, or about SQL, ends.
    static func outcome<R: Sendable, E: Error>(_ body: () async throws(E) -> R) async -> Result<R, E> {
        do throws(E) { return .success(try await body()) } catch { return .failure(error) }
    }
}
