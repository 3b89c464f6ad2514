// Answers without an id, of a protocol that has ids: the login's, and errors that may be anybody's.

import Capabilities
import TestSupport
import Testing

@testable import DeclaredAdapter

@Suite("Answers without an id", .timeLimit(.minutes(1)))
struct UnnamedAnswerTests {
    static let file = """
        adapter: house
        transport: { schemes: [tcp] }
        framing: { lines: { end: "\\n" } }
        payload: json
        correlation: { id: id }
        fields: { id: id, event: event, value: v, text: error }
        messages:
          hello: { when: "event == 'hello'", is: ignored }
          bad: { when: text, is: fatal }
          ok: { is: result }
        login:
          - replies: { hello: next }
          - send: [{ json: { login: yes } }, "\\n"]
        capabilities: { kv.get: native }
        operations:
          get: { send: [{ json: { id: "{id | number}", get: "{key | hex}" } }, "\\n"] }
        """

    /// What becomes of a `get` at a server that answers the login and the request so.
    private func get(_ login: String, _ answer: @escaping @Sendable (String) -> String) async throws -> (
        Result<Answer, Failure>
    ) {
        let server = try ScriptedServer { connection, _ in
            try connection.send("{\"event\":\"hello\"}\n")
            _ = try connection.readLine()
            try connection.send(login)
            let request = try connection.readLine()
            let id = request.drop { !$0.isNumber }.prefix { $0.isNumber }
            try connection.send(answer(String(id)))
            _ = try? connection.readLine()
        }
        defer { server.stop() }
        let found = Found()
        let file = try DeclaredAdapterFile.parse(Self.file, source: "a.yaml")
        try await DeclaredRig.run(file, url: "tcp://127.0.0.1:\(server.port)") { rig in
            found.answer = await rig.get("k")
        }
        return try #require(found.answer)
    }

    private final class Found: @unchecked Sendable { var answer: Result<Answer, Failure>? }

    private func text(_ result: Result<Answer, Failure>) -> String {
        if case .failure(let failure) = result { "\(failure)" } else { "" }
    }

    @Test("the greeting and the login's answer need no id")
    func login() async throws {
        let answer = try await get("{}\n") { "{\"id\":\($0),\"v\":\"x\"}\n" }
        #expect(answer == .success(.bytes(bytes("x"))))
    }

    @Test("a login that is refused without an id is told in the server's words")
    func refusedLogin() async throws {
        let answer = try await get("{\"error\":\"wrong token\"}\n") { _ in "" }
        #expect(text(answer).contains("wrong token"))
    }

    @Test("an error without an id ends the connection and is told")
    func error() async throws {
        let answer = try await get("{}\n") { _ in "{\"error\":\"out of order\"}\n" }
        #expect(text(answer).contains("out of order"))
    }

    @Test("anything else without an id is for nobody")
    func nobody() async throws {
        let answer = try await get("{}\n") { "{\"v\":\"of another\"}\n{\"id\":\($0),\"v\":\"x\"}\n" }
        #expect(answer == .success(.bytes(bytes("x"))))
    }
}
