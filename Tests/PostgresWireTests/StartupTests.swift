// The untyped first packets: every spelling, every bound, and what is refused.

import PostgresWire
import Testing
import Wire

@Suite("The startup parser")
struct StartupTests {
    private func packet(_ code: UInt32, _ body: [UInt8] = []) -> [UInt8] {
        bigEndian(UInt32(8 + body.count)) + bigEndian(code) + body
    }

    private func session(_ text: String, version: UInt32 = 0x30000) -> [UInt8] { packet(version, Array(text.utf8)) }

    private func step(_ bytes: [UInt8]) throws(WireError) -> PostgresStartupStep {
        var parser = PostgresStartupParser()
        return try parser.next(bytes)
    }

    private func startup(_ bytes: [UInt8]) throws -> PostgresStartup {
        guard case .packet(.sessionRequested(let startup), _) = try step(bytes) else {
            throw WireError(.client, "no-session", "another packet")
        }
        return startup
    }

    private func code(_ bytes: [UInt8]) -> String? {
        do { _ = try step(bytes) } catch { return error.code }
        return nil
    }

    @Test("a startup message tells user, database, options and application")
    func facts() throws {
        let bytes = session(
            "user\0ann\0database\0shop\0options\0-c x=1\0application_name\0app\0extra_float_digits\u{0}3\0\0")
        let facts = try startup(bytes)
        #expect(facts.user == "ann")
        #expect(facts.database == "shop")
        #expect(facts.options == "-c x=1")
        #expect(facts.applicationName == "app")
        #expect(facts.parameterCount == 5)
        #expect(facts.replication == .none)
        #expect(!facts.hasProtocolOptions)
        #expect(facts.major == 3 && facts.minor == 0)
        #expect(facts.isValidText)
    }

    @Test("the database defaults to the user, and a missing or empty user is left to the server")
    func defaults() throws {
        #expect(try startup(session("user\0ann\0\0")).database == "ann")
        #expect(try startup(session("database\0\0user\0ann\0\0")).database == "ann")
        #expect(try startup(session("user\0\0\0")).user == nil)
        #expect(try startup(session("\0")).database == nil)
        #expect(try startup(session("user\0a\0user\0b\0\0")).user == "b")
    }

    @Test("versions 3.0, 3.2 and unknown ones pass; another major version is not read further")
    func versions() throws {
        #expect(try startup(session("user\0a\0\0", version: 0x30002)).minor == 2)
        #expect(try startup(session("user\0a\0_pq_.x\0\u{0}\0", version: 0x3270F)).hasProtocolOptions)
        let old = try startup(packet(0x20000, [1, 2, 3]))
        #expect(old.major == 2 && old.user == nil)
    }

    @Test(
        "replication is read as the server reads a Boolean",
        arguments: [
            ("database", .logical), ("true", .physical), ("t", .physical), ("TRUE", .physical), ("yes", .physical),
            ("on", .physical), ("1", .physical), ("false", .none), ("off", .none), ("of", .none), ("no", .none),
            ("0", .none), ("o", .invalid), ("", .invalid), ("Database", .invalid), ("2", .invalid),
        ] as [(String, PostgresReplication)])
    func replication(_ value: String, _ expected: PostgresReplication) throws {
        #expect(try startup(session("user\0a\0replication\0\(value)\0\0")).replication == expected)
    }

    @Test("text that is not UTF-8 is said to be so")
    func text() throws {
        let facts = try startup(packet(0x30000, Array("user\0".utf8) + [0xFF, 0xFE, 0, 0]))
        #expect(!facts.isValidText)
        #expect(facts.user == "\u{FFFD}\u{FFFD}")
    }

    @Test("the terminator must be the last byte, and every parameter must be finished")
    func layout() {
        for body in ["", "user\0ann\0", "user\0ann\0\0x", "user\0", "user", "user\0ann", "\0\0", "user\0ann\0\0\0"] {
            #expect(code(session(body)) == "invalid-startup-layout", "\(body.debugDescription)")
        }
    }

    @Test("lengths are bounded as in the server: 8 to 10004")
    func lengths() {
        for length in [0, 4, 7, 10_005, 0x1603_0100, 0x4745_5420, 0xFFFF_FFFF] as [UInt32] {
            var parser = PostgresStartupParser(directTLS: false)
            #expect(throws: WireError.self) { try parser.next(bigEndian(length)) }
        }
        #expect((try? step(bigEndian(10_004))) == .moreNeeded(total: 10_004))
        #expect((try? step(bigEndian(8))) == .moreNeeded(total: 8))
        #expect((try? step([])) == .moreNeeded(total: 8))
        #expect((try? step([0, 0])) == .moreNeeded(total: 8))
        let long = session("user\0a\0application_name\0" + String(repeating: "x", count: 9970) + "\0\0")
        #expect(long.count == 10_004)
        #expect((try? startup(long))?.applicationName?.count == 9970)
    }

    @Test("encryption requests come once each, in either order, and then the session")
    func order() throws {
        for order in [[PostgresEncryption.tls, .gss], [.gss, .tls]] {
            var parser = PostgresStartupParser()
            for encryption in order {
                let request = PostgresRequestCode.encryptionRequest(encryption)
                #expect(try parser.next(request) == .packet(.encryptionRequested(encryption), length: 8))
            }
            let again = PostgresRequestCode.encryptionRequest(order[0])
            #expect(throws: WireError.self) { try parser.next(again) }
            let session = session("user\0a\0\0")
            guard case .packet(.sessionRequested, length: session.count) = try parser.next(session) else {
                Issue.record("no session after two refusals")
                return
            }
        }
    }

    @Test("nothing is negotiated inside an encrypted connection")
    func encrypted() throws {
        for encryption in [PostgresEncryption.tls, .gss] {
            var parser = PostgresStartupParser()
            parser.encryptionStarted()
            let request = PostgresRequestCode.encryptionRequest(encryption)
            #expect(throws: WireError.self) { try parser.next(request) }
            #expect(throws: WireError.self) { try parser.next([0x16, 3, 1, 0]) }
            let cancel = try #require(PostgresRequestCode.cancelRequest(processID: 1, key: [1, 2, 3, 4]))
            #expect(
                try parser.next(cancel) == .packet(.cancelRequested(processID: 1, key: [1, 2, 3, 4]), length: 16))
        }
    }

    @Test("bytes in the clear after an encryption request are refused")
    func injected() {
        for encryption in [PostgresEncryption.tls, .gss] {
            let request = PostgresRequestCode.encryptionRequest(encryption)
            #expect(code(request + [0]) == "bytes-after-encryption-request")
            #expect(code(request + session("user\0a\0\0")) == "bytes-after-encryption-request")
        }
        #expect(code(packet(PostgresRequestCode.tls, [0])) == "invalid-startup-length")
    }

    @Test("a first byte of 0x16 is direct TLS where TLS can be, and only first")
    func direct() throws {
        #expect(try step([0x16]) == .packet(.directTLSStarted, length: 0))
        var unix = PostgresStartupParser(directTLS: false)
        #expect(throws: WireError.self) { try unix.next([0x16, 3, 1, 0]) }
        var later = PostgresStartupParser()
        _ = try later.next(PostgresRequestCode.encryptionRequest(.tls))
        #expect(throws: WireError.self) { try later.next([0x16, 3, 1, 0]) }
    }

    @Test("cancel requests carry keys of 4 to 256 bytes", arguments: [4, 5, 32, 255, 256])
    func cancel(length: Int) throws {
        let key = (0..<length).map { UInt8(truncatingIfNeeded: $0 &* 7) }
        let request = try #require(PostgresRequestCode.cancelRequest(processID: 0xFFFF_FFFE, key: key))
        for end in 0..<request.count {
            guard case .moreNeeded = try step(Array(request[..<end])) else {
                Issue.record("a packet of \(end) bytes")
                return
            }
        }
        #expect(
            try step(request)
                == .packet(.cancelRequested(processID: 0xFFFF_FFFE, key: key), length: 12 + length))
    }

    @Test("cancel requests with keys of other lengths are refused", arguments: [0, 3, 257])
    func badCancel(length: Int) {
        let key = [UInt8](repeating: 1, count: length)
        #expect(code(packet(PostgresRequestCode.cancel, bigEndian(1) + key)) == "invalid-cancel-request")
        #expect(PostgresRequestCode.cancelRequest(processID: 1, key: key) == nil)
    }

    @Test("a cancel request without a process is refused")
    func emptyCancel() {
        #expect(code(packet(PostgresRequestCode.cancel)) == "invalid-cancel-request")
        #expect(code(packet(PostgresRequestCode.cancel, [0, 0])) == "invalid-cancel-request")
    }

    @Test("the answer to an encryption request is exactly one byte")
    func answers() throws {
        typealias Answer = PostgresEncryptionAnswer
        #expect(try Answer.read([], to: .tls) == nil)
        #expect(try Answer.read([UInt8(ascii: "S")], to: .tls) == .accepted)
        #expect(try Answer.read([UInt8(ascii: "G")], to: .gss) == .accepted)
        #expect(try Answer.read([UInt8(ascii: "N")], to: .tls) == .refused)
        #expect(try Answer.read([UInt8(ascii: "N")], to: .gss) == .refused)
        #expect(try Answer.read(message("E", "SFATAL\0\0"), to: .tls) == .failed)
        for (bytes, encryption, code) in [
            ("G", .tls, "invalid-encryption-answer"), ("S", .gss, "invalid-encryption-answer"),
            ("R", .tls, "invalid-encryption-answer"), ("Sx", .tls, "bytes-after-encryption-answer"),
            ("Nx", .tls, "bytes-after-encryption-answer"), ("Gx", .gss, "bytes-after-encryption-answer"),
        ] as [(String, PostgresEncryption, String)] {
            do {
                _ = try Answer.read(Array(bytes.utf8), to: encryption)
                Issue.record("\(bytes) was taken")
            } catch {
                #expect(error.code == code)
                #expect(error.side == .server)
            }
        }
    }
}
