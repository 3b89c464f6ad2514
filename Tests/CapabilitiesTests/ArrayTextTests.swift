// The text of arrays.

import Testing

@testable import Capabilities

@Suite("Arrays as text")
struct ArrayTextTests {
    private func items(_ text: String) throws -> [String?] {
        try SQLArrayText.items(Array(text.utf8)).map { $0.map { String(decoding: $0, as: UTF8.self) } }
    }

    @Test("items are read as PostgreSQL reads them")
    func reads() throws {
        #expect(try items("{}") == [])
        #expect(try items(" { } ") == [])
        #expect(try items("{1, 2 ,3}") == ["1", "2", "3"])
        #expect(try items(#"{a b , " c ",null,"NULL",\NULL}"#) == ["a b", " c ", nil, "NULL", "NULL"])
        #expect(try items(#"{"a\"b\\",x\,y\ }"#) == [#"a"b\"#, "x,y "])
    }

    @Test(
        "what is no array is refused",
        arguments: [
            "", "1", "{", "{1", "{1,}", "{,1}", "{1}}", "{1}x", #"{"a}"#, #"{a"b"}"#, #"{"a"b}"#, #"{a\"#, "{\\",
        ])
    func malformed(_ text: String) {
        #expect(throws: SQLFailure.self) { try items(text) }
    }

    @Test("more than one dimension is refused by the name of the capability", arguments: ["{{1}}", "[2:3]={1,2}"])
    func dimensions(_ text: String) {
        do throws(SQLFailure) {
            _ = try SQLArrayText.items(Array(text.utf8))
            Issue.record("it was taken")
        } catch {
            #expect(error.state == "0A000")
        }
    }

    @Test("what is written is read back, with quotes only where they are needed")
    func writes() throws {
        let all: [String?] = ["a", "", nil, "null", "a b", "x,y", #"q"\"#, "{}", "ä"]
        let text = SQLArrayText.text(all.map { $0.map { Array($0.utf8) } })
        #expect(String(decoding: text, as: UTF8.self) == #"{a,"",NULL,"null","a b","x,y","q\"\\","{}",ä}"#)
        #expect(try items(String(decoding: text, as: UTF8.self)) == all)
    }

    @Test("any bytes are read without an accident")
    func hostile() {
        let letters = Array("{},\"\\ aN1[".utf8)
        var state: UInt64 = 7
        for _ in 0..<20_000 {
            let bytes = (0..<12).map { _ -> UInt8 in
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                return letters[Int(state >> 33) % letters.count]
            }
            _ = try? SQLArrayText.items([0x7B] + bytes)
        }
    }

    @Test("items are read by the rules of their type, and every array has its item's type")
    func types() throws {
        #expect(try SQLType.int32Array.value(Array("{ 1,NULL, +2}".utf8)) == .text("{1,NULL,2}"))
        #expect(try SQLType.booleanArray.value(Array("{yes,0}".utf8)) == .text("{t,f}"))
        #expect(try SQLType.dateArray.value(Array("{2024-02-29}".utf8)) == .text("{2024-02-29}"))
        #expect(throws: SQLFailure.self) { try SQLType.int16Array.value(Array("{40000}".utf8)) }
        for type in SQLType.allCases {
            if let array = type.array { #expect(array.item == type && array.catalogName == "_\(type.catalogName)") }
            #expect(!type.catalogName.isEmpty)
        }
    }
}
