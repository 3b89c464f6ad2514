// A server that expects lines, in their order, and has an answer for each.

import Capabilities
import Synchronization
import TestSupport
import Testing

@testable import DeclaredAdapter

/// What is said, and what is answered; lines end with LF.
struct Dialogue: Sendable {
    var file: String
    var lines: [(said: String, answered: String)]

    /// Runs `body` against the server, which has to have heard every line at its end.
    func run(_ body: @escaping @Sendable (DeclaredRig) async throws -> Void) async throws {
        let lines = lines
        let heard = Heard()
        let server = try ScriptedServer { connection, _ in
            for (said, answered) in lines {
                #expect(try connection.readLine() == said)
                heard.count.add(1, ordering: .relaxed)
                try connection.send(answered)
            }
            // What is refused is refused before a byte is sent.
            let more = try? connection.readLine()
            #expect(more == nil, "said besides: \(more ?? "")")
        }
        defer { server.stop() }
        let file = try DeclaredAdapterFile.parse(file, source: "dialogue.yaml")
        try await DeclaredRig.run(file, url: "tcp://127.0.0.1:\(server.port)", body)
        #expect(heard.count.load(ordering: .relaxed) == lines.count, "lines were left unsaid")
    }

    private final class Heard: Sendable { let count = Atomic(0) }
}

extension DeclaredRig {
    func hash(_ action: HashAction, database: Int = 0) async -> Result<Answer, Failure> {
        await end(.hash(HashOperation(bytes("k"), action)), database: database)
    }

    func list(_ operation: ListOperation) async -> Result<Answer, Failure> { await end(.list(operation)) }
    func set(_ operation: SetOperation) async -> Result<Answer, Failure> { await end(.set(operation)) }
    func sorted(_ operation: SortedSetOperation) async -> Result<Answer, Failure> { await end(.sortedSet(operation)) }
}

extension Answer {
    /// A list of texts.
    static func texts(_ texts: String...) -> Answer { .list(texts.map { .bytes(DeclaredAdapterTests.bytes($0)) }) }
}
