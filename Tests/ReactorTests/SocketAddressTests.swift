// Addresses: what is read, how it is shown, what is refused.

import Testing

@testable import Reactor

@Suite("Socket addresses")
struct SocketAddressTests {
    @Test(
        "figures are read and shown",
        arguments: [
            ("127.0.0.1", "127.0.0.1:6379"), ("0.0.0.0", "0.0.0.0:6379"), ("::1", "[::1]:6379"),
            ("2001:DB8::0:1", "[2001:db8::1]:6379"), ("::ffff:10.0.0.1", "[::ffff:10.0.0.1]:6379"),
        ])
    func figures(text: String, shown: String) throws {
        let address = try #require(SocketAddress(literal: text, port: 6379))
        #expect("\(address)" == shown)
        #expect(address.port == 6379)
        #expect(!address.isUnix)
    }

    @Test(
        "what is not figures is no literal",
        arguments: ["", "localhost", "1.2.3", "1.2.3.4.5", "256.0.0.1", "[::1]", ":::", "1.2.3.4:80", " 1.2.3.4"])
    func names(text: String) { #expect(SocketAddress(literal: text, port: 1) == nil) }

    @Test("a path has 1 to 107 bytes and no port")
    func paths() throws {
        let longest = "/" + String(repeating: "a", count: 106)
        #expect(SocketAddress(path: longest)?.description == "unix:" + longest)
        #expect(SocketAddress(path: longest + "a") == nil)
        #expect(SocketAddress(path: "") == nil)
        #expect(SocketAddress(path: "/a\0b") == nil)
        let address = try #require(SocketAddress(path: "/run/a.sock"))
        #expect(address.isUnix)
        #expect(address.port == nil)
    }

    @Test("another port changes the port and nothing else; a path stays as it is")
    func ports() throws {
        for host in ["10.1.2.3", "fe80::1"] {
            let address = try #require(SocketAddress(literal: host, port: 1)).with(port: 65_535)
            #expect(address.description == SocketAddress(literal: host, port: 65_535)?.description)
        }
        #expect(SocketAddress(path: "/run/a.sock")?.with(port: 0x4142).description == "unix:/run/a.sock")
    }

    @Test("targets show as they are written")
    func targets() {
        #expect("\(ConnectTarget.host("db", port: 5432))" == "db:5432")
        #expect("\(ConnectTarget.host("::1", port: 5432))" == "[::1]:5432")
        #expect("\(ConnectTarget.unix(path: "/run/a.sock"))" == "unix:/run/a.sock")
    }
}
