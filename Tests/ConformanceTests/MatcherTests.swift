// What the expectations of suites hold for, and what they refuse.

import Conformance
import Testing

@Suite("Expectations of suites")
struct MatcherTests {
    private func fits(_ yaml: String, _ value: Value, types: Set<String> = ["simple", "error", "set"]) throws -> Bool {
        let tree = try Tree(yaml: yaml, file: "test")
        try Matcher.check(tree, types: types)
        return (try? Matcher.match(tree, value)) != nil
    }

    @Test(
        "plain values are what they look like",
        arguments: [
            ("3", Value.integer(3), true), ("\"3\"", .integer(3), false), ("\"3\"", .text("3"), true),
            ("3", .text("3"), false), ("null", .null, true), ("~", .typed("array", .null), true),
            ("null", .text(""), false), ("true", .boolean(true), true), ("true", .text("true"), false),
            ("1.5", .double(1.5), true), ("abc", .text("abc"), true), ("abc", .typed("simple", .text("abc")), false),
            ("\"\"", .text(""), true), ("[a, 1]", .list([.text("a"), .integer(1)]), true),
            ("[a]", .list([.text("a"), .integer(1)]), false), ("[a, 1, b]", .list([.text("a"), .integer(1)]), false),
        ] as [(String, Value, Bool)])
    func plain(yaml: String, value: Value, expected: Bool) throws {
        #expect(try fits(yaml, value) == expected)
    }

    @Test(
        "tags say what else may come",
        arguments: [
            ("!simple OK", Value.typed("simple", .text("OK")), true), ("!simple OK", .text("OK"), false),
            ("!error {is: !pattern \"ERR .*\"}", .typed("error", .text("ERR no")), true),
            ("!error {is: !pattern \"ERR\"}", .typed("error", .text("ERR no")), false),
            ("!hex \"00 ff\"", .bytes([0, 255]), true), ("!bytes \"a\\xff\"", .bytes([97, 255]), true),
            ("!base64 AP8=", .bytes([0, 255]), true), ("!fill {text: ab, size: 3}", .text("aba"), true),
            ("!join [a, !hex 62]", .text("ab"), true),
            ("!between [1, 10]", .integer(10), true), ("!between [1, 10]", .integer(11), false),
            ("!between [1, 10]", .text("2"), true), ("!any", .null, true), ("!any integer", .integer(1), true),
            ("!any integer", .text("1"), false), ("!contains b", .text("abc"), true),
            ("!contains [2]", .list([.integer(1), .integer(2)]), true),
            ("!contains [3]", .list([.integer(1), .integer(2)]), false),
            ("!unordered [2, 1]", .list([.integer(1), .integer(2)]), true),
            ("!unordered [2, 2]", .list([.integer(1), .integer(2)]), false),
            ("!set {is: !unordered [2, 1]}", .typed("set", .list([.integer(1), .integer(2)])), true),
            ("!each {is: !between [1, 2]}", .list([.integer(1), .integer(2)]), true),
            ("!each {is: !between [1, 1]}", .list([.integer(1), .integer(2)]), false),
            ("!length 3", .text("abc"), true), ("!length {is: !between [1, 2]}", .text("abc"), false),
            ("!number 3", .text("3"), true), ("!number {is: !between [0, 1]}", .text("0.5"), true),
            ("!one-of [a, b]", .text("b"), true), ("!one-of [a, b]", .text("c"), false),
            ("!all-of [!starts a, !contains b]", .text("ab"), true), ("!not a", .text("b"), true),
            ("!not a", .text("a"), false), ("!closed", .typed("closed", .null), true), ("!silent", .null, false),
            ("!sha256 ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", .text("abc"), true),
        ] as [(String, Value, Bool)])
    func tagged(yaml: String, value: Value, expected: Bool) throws {
        #expect(try fits(yaml, value) == expected)
    }

    @Test("named parts have to fit; others may be there, and some must not")
    func parts() throws {
        let answer = Value.fields([
            .init("status", .integer(200)), .init("headers", .fields([.init("etag", .text("\"x\""))])),
        ])
        #expect(try fits("{status: 200}", answer))
        #expect(try fits("{status: 200, headers: {etag: !any bytes, age: !absent }}", answer))
        #expect(try !fits("{status: 200, headers: {etag: !absent }}", answer))
        #expect(try !fits("{status: 200, headers: {age: !any }}", answer))
    }

    @Test("a mismatch names the part that is wrong")
    func mismatch() throws {
        let tree = try Tree(yaml: "[a, {status: 201}]", file: "test")
        let observed = Value.list([.text("a"), .fields([.init("status", .integer(200))])])
        let expected = Mismatch(path: ["1", "status"], message: "201 was expected, 200 came")
        #expect(throws: expected) { () throws in try Matcher.match(tree, observed) }
    }

    @Test(
        "expectations that can hold for nothing are refused when their file is loaded",
        arguments: ["!patern a", "!pattern \"(\"", "!between [1]", "!hex 0", "!unordered a", "[!nothing x]"])
    func mistakes(yaml: String) throws {
        let tree = try Tree(yaml: yaml, file: "test")
        #expect(throws: SuiteProblem.self) { try Matcher.check(tree, types: ["simple"]) }
    }
}
