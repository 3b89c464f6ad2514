// The example of adapters/GUIDE.md against the suites, as its section 6 says it.

import TestSupport
import Testing

@Suite("The guide's example, held to its manifest", .serialized, .timeLimit(.minutes(5)))
struct CubbyConformTests {
    @Test("the file that the guide arrives at keeps every promise at its toy server")
    func cubby() async throws {
        let example = "\(Tools.repository)/adapters/examples/cubby"
        let port = try FreePort.take()
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let server = try ServerProcess(
            "cubby", [try Tools.find("python3"), "\(example)/server.py", "\(port)", "s3cret"], log: folder.file("log"))
        defer { server.stop() }
        try await blocking { try server.waitUntilAnswers(port) }
        try await Conform.check(
            "--adapter", "\(example)/adapter.yaml", "--url", "tcp://127.0.0.1:\(port)", "--option", "token=s3cret")
    }
}
