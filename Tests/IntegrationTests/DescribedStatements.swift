// Statements that are prepared, described and run on a real server and on the embedded database, and have to answer alike.

import Foundation
import TestSupport
import Testing

struct DescribedStatements {
    var tables: [String]
    var statements: [String]

    /// Prepares each statement, tells its parameters and columns, and runs it in both formats where it has no parameters.
    private static let program = #"""
        import sys, psycopg
        from psycopg import pq
        c = pq.PGconn.connect(f"host=127.0.0.1 port={sys.argv[1]} user=postgres dbname=postgres".encode())
        assert c.status == pq.ConnStatus.OK, c.error_message
        def state(r): return (r.error_field(pq.DiagnosticField.SQLSTATE) or b'?').decode()
        bad = (pq.ExecStatus.FATAL_ERROR, pq.ExecStatus.BAD_RESPONSE)
        for s in TABLES:
            r = c.exec_(s.encode())
            assert r.status not in bad, s + ": " + r.error_message.decode()
        for s in STATEMENTS:
            c.exec_(b"begin")
            out = []
            r = c.prepare(b"s", s.encode())
            if r.status in bad: out.append(state(r))
            else:
                d = c.describe_prepared(b"s")
                if d.status in bad: out.append("describe " + state(d))
                else:
                    out.append(" ".join(str(d.param_type(i)) for i in range(d.nparams)))
                    out.append(" ".join(f"{d.fname(i).decode()}:{d.ftype(i)}:{d.fmod(i)}" for i in range(d.nfields)))
                    for binary in (0, 1):
                        if d.nparams: break
                        c.exec_(b"savepoint p")
                        r = c.exec_prepared(b"s", [], result_format=binary)
                        if r.status in bad: out.append(state(r))
                        else: out.append(str([[r.get_value(i, j) for j in range(r.nfields)] for i in range(r.ntuples)]))
                        c.exec_(b"rollback to p")
            c.exec_(b"rollback"); c.exec_(b"deallocate all")
            print(" | ".join(out).replace("\n", " "))
        """#

    private static func python(_ texts: [String]) -> String {
        "[" + texts.map { "r\"\"\"\($0) \"\"\"" }.joined(separator: ",\n") + "]\n"
    }

    /// What psycopg's libpq is told of each statement, a line for each.
    private func answers(_ port: Int) async throws -> [String] {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let text = "TABLES = \(Self.python(tables))STATEMENTS = \(Self.python(statements))" + Self.program
        let file = try folder.write("main.py", text)
        let result = try await Command.check([try Tools.python, file, "\(port)"], timeout: .seconds(120))
        return result.text.split(separator: "\n", omittingEmptySubsequences: false).dropLast().map(String.init)
    }

    /// Holds both to one another.
    func compare() async throws {
        let server = try await PostgresServer.start()
        let expected = try await answers(server.port)
        let got = try await TranslatedPostgres.run { try await answers($0.port) }
        #expect(expected.count == statements.count)
        #expect(got.count == expected.count)
        for (statement, (expected, got)) in zip(statements, zip(expected, got)) where got != expected {
            Issue.record("\(statement)\n   server: \(expected)\n   here:   \(got)")
        }
    }
}
