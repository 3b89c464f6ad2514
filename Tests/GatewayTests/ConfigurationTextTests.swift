// The small spellings: endpoints, backend URLs, durations, suggestions.

import Capabilities
import Testing

@testable import Gateway

@Suite("The configuration's spellings")
struct ConfigurationTextTests {
    @Test(
        "a listener's endpoint is a port, host:port, [address]:port, *:port or unix:PATH",
        arguments: [
            ("6380", Endpoint.host("127.0.0.1", port: 6380)),
            ("0", .host("127.0.0.1", port: 0)),
            ("localhost:6380", .host("localhost", port: 6380)),
            ("my_host-1.example:1", .host("my_host-1.example", port: 1)),
            ("0.0.0.0:65535", .host("0.0.0.0", port: 65535)),
            ("[::1]:6380", .host("::1", port: 6380)),
            ("[fe80::1%eth0]:6380", .host("fe80::1%eth0", port: 6380)),
            ("*:6380", .host("*", port: 6380)),
            ("unix:/run/x.sock", .unix("/run/x.sock")),
            ("unix:x.sock", .unix("x.sock")),
        ])
    func endpoint(text: String, expected: Endpoint) throws {
        let endpoint = try Endpoint.parse(text, for: .listening)
        #expect(endpoint == expected)
        #expect(try Endpoint.parse(endpoint.description, for: .listening) == expected)
    }

    @Test(
        "what is no endpoint says why",
        arguments: [
            ("", "without a port"),
            ("localhost", "without a port"),
            (":6380", "expected a host before the port"),
            ("h:", "expected a port between 0 and 65535, got \"\""),
            ("h:65536", "expected a port between 0 and 65535"),
            ("65536", "expected a port between 0 and 65535"),
            ("h:-1", "expected a port"),
            ("h:+1", "expected a port"),
            ("h:٣", "expected a port"),
            ("::1:6380", "goes in brackets"),
            ("[::1:6380", "not closed"),
            ("[::1]6380", "expected [address]:port"),
            ("[host]:1", "not an IPv6 address"),
            ("1.2.3:80", "not an IPv4 address"),
            ("256.1.1.1:80", "not an IPv4 address"),
            ("ho st:80", "not a host name"),
            ("a/b:80", "not a host name"),
            ("unix:", "expected a path"),
            ("unix:/" + String(repeating: "x", count: 107), "108 bytes long and the system allows 107"),
        ])
    func badEndpoint(text: String, expected: String) {
        let error = #expect(throws: ValueError.self) { try Endpoint.parse(text, for: .listening) }
        #expect(error?.message.contains(expected) == true, "\(String(describing: error))")
    }

    @Test(
        "a backend's URL gives protocol, endpoint and security",
        arguments: [
            ("redis://h", WireProtocol.redis, Endpoint.host("h", port: 6379), false),
            ("redis://127.0.0.1:7000/0", .redis, .host("127.0.0.1", port: 7000), false),
            ("rediss://[::1]/", .redis, .host("::1", port: 6379), true),
            ("REDIS://h", .redis, .host("h", port: 6379), false),
            ("redis+unix:///run/redis.sock", .redis, .unix("/run/redis.sock"), false),
            ("unix:/run/redis.sock", .redis, .unix("/run/redis.sock"), false),
            ("unix:redis.sock", .redis, .unix("/base/redis.sock"), false),
            ("postgres://h", .postgres, .host("h", port: 5432), false),
            ("postgresql://h:6000/?sslmode=verify-full", .postgres, .host("h", port: 6000), true),
            ("postgres:///?host=/run/postgresql", .postgres, .unix("/run/postgresql/.s.PGSQL.5432"), false),
            ("postgres://:6000?host=%2Frun%2Fpg&sslmode=disable", .postgres, .unix("/run/pg/.s.PGSQL.6000"), false),
            ("http://h", .s3, .host("h", port: 80), false),
            ("https://h/", .s3, .host("h", port: 443), true),
        ])
    func url(text: String, wire: WireProtocol, endpoint: Endpoint, secure: Bool) throws {
        let url = try BackendURL.parse(text, folder: "/base")
        #expect(url.protocol == wire)
        #expect(url.endpoint == endpoint)
        #expect((url.security == .verified) == secure)
    }

    @Test(
        "what a backend's URL cannot be says what to do",
        arguments: [
            ("127.0.0.1:6379", "expected a URL"),
            ("mysql://h", "expected redis://"),
            ("memcached+tcp://h:1", "asks for an adapter: a trusted backend needs"),
            ("redis://", "got no host"),
            ("redis://h/3", "the client's own SELECT passes"),
            ("redis://h?db=3", "take no settings after \"?\", got \"db\""),
            ("redis://h:0", "expected a port between 1 and 65535"),
            ("redis://*:6379", "\"*\" is for listeners"),
            ("redis://h#x", "no \"#\" part"),
            ("redis+unix://run/x", "three slashes"),
            ("postgres://h/db", "the client names its own"),
            (
                "postgres://h?sslmode=prefer",
                "expected sslmode disable, require (not verified) or verify-full, got \"prefer\""
            ),
            ("postgres://h?application_name=x", "\"application_name\" is not known here"),
            ("postgres://h?sslmode=require&sslmode=disable", "given twice"),
            ("postgres://h?host=/run", "without ?host="),
            ("postgres:///?host=run", "expected postgres:///?host=/folder"),
            ("postgres:///?host=/run&sslmode=require", "a Unix socket carries no TLS"),
            ("postgres:///?host=%2", "two hexadecimal digits"),
            ("postgres:///?host=/%00", "two hexadecimal digits"),
            ("postgres://a,b", "one backend has one host"),
            ("http://h/bucket", "break the client's signature"),
        ])
    func badURL(text: String, expected: String) {
        let error = #expect(throws: ValueError.self) { try BackendURL.parse(text) }
        #expect(error?.message.contains(expected) == true, "\(String(describing: error))")
    }

    @Test(
        "credentials in a URL are refused and never repeated",
        arguments: [
            "redis://:hunter2@h:6379", "redis://user:hunter2@h", "rediss://hunter2@h", "postgres://u:hunter2@h/db",
            "postgres://u:hunt@er2@h", "postgres://h?password=hunter2", "https://key:hunter2@h",
            "redis://u:a/hunter2@h",
            "redis://u:?hunter2@h", "redis://u:hunter2#@h", "redis://h?hunter2=@x", "tcp://u:hunter2@h",
            "x://u:hunter2@h",
        ])
    func credentials(text: String) {
        let error = #expect(throws: ValueError.self) { try BackendURL.parse(text) }
        #expect(error?.message.contains("hunter2") == false)
        #expect(error?.message.contains("er2") == false)
        for found in problems(pair("redis", "\"\(text)\"")) { #expect(!found.contains("hunter2")) }
    }

    @Test(
        "durations are a whole number and a unit, and come back in the longest unit",
        arguments: [
            ("200ms", Duration.milliseconds(200), "200ms"), ("5s", .seconds(5), "5s"), ("60s", .seconds(60), "1m"),
            ("90m", .seconds(5400), "90m"), ("24h", .seconds(86400), "24h"), ("0s", .zero, "0s"),
        ])
    func duration(text: String, expected: Duration, rendered: String) throws {
        #expect(try DurationText.parse(text) == expected)
        #expect(DurationText.render(expected) == rendered)
    }

    @Test(
        "what is no duration says which units there are",
        arguments: [
            ("5", "write 5s, or another of ms, s, m, h"), ("", "such as 5s or 200ms"), ("s", "such as 5s"),
            ("-5s", "such as 5s"), ("1.5s", "in ms, s, m or h"), ("1m30s", "one unit"), ("5S", "in ms, s, m or h"),
            ("99999999999999999999s", "at most a year"), ("8761h", "at most a year"),
        ])
    func badDuration(text: String, expected: String) {
        let error = #expect(throws: ValueError.self) { try DurationText.parse(text) }
        #expect(error?.message.contains(expected) == true, "\(String(describing: error))")
    }

    @Test(
        "a misspelt word leads to the nearest known one, and a strange one to none",
        arguments: [
            ("listne", "listen"), ("Listen", "listen"), ("conections", "connections"), ("cert", "certificate"),
            ("zzz", nil),
        ])
    func suggestion(word: String, expected: String?) {
        #expect(NearestWord.to(word, among: ["listen", "connections", "certificate", "key"]) == expected)
    }
}
