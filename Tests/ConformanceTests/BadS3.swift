// An S3 server that does not look at ETags: a right one with somebody in between who takes the condition away.

import Foundation
import TestSupport

/// Stands on a free port in front of a real server and passes everything on but If-Match.
final class BadS3: Sendable {
    let port: Int
    private let server: ScriptedServer

    /// With `dropsConditions` false nothing is wrong: whoever finds a fault then has found one of the stand-in's own.
    init(dropsConditions: Bool, before real: Int) throws {
        server = try ScriptedServer { client, _ in
            let upstream = try ScriptedConnection.connect(port: real)
            let answers = Thread {
                while let bytes = try? upstream.readAvailable() {
                    guard (try? client.send(bytes)) != nil else { break }
                }
                client.close()
            }
            answers.start()
            defer { upstream.close() }
            while true { try Self.pass(client, upstream, dropsConditions) }
        }
        port = server.port
    }

    func stop() { server.stop() }

    /// Passes one request on, whose body has a length or is not there.
    private static func pass(
        _ client: ScriptedConnection, _ upstream: ScriptedConnection, _ dropsConditions: Bool
    ) throws {
        var head = ""
        var length = 0
        while true {
            let line = try client.readLine()
            let name = line.split(separator: ":").first.map { $0.lowercased() }
            if name == "content-length" { length = Int(line.drop { $0 != ":" }.dropFirst().filter(\.isNumber)) ?? 0 }
            if dropsConditions, name == "if-match" { continue }
            head += line + "\r\n"
            if line.isEmpty { break }
        }
        try upstream.send(head)
        if length > 0 { try upstream.send(try client.read(length)) }
    }
}
